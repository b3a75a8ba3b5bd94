"""Plots of trainings, mistakes, weights and gradients; matplotlib is imported when one is drawn."""

from course_utils.plots.comparison import plot_experiment_comparison
from course_utils.plots.confusion import plot_confusion_matrix
from course_utils.plots.curves import plot_training_curves
from course_utils.plots.gradients import plot_gradient_flow
from course_utils.plots.images import plot_images, plot_misclassified
from course_utils.plots.weights import plot_first_layer_weights

__all__ = [
    "plot_confusion_matrix",
    "plot_experiment_comparison",
    "plot_first_layer_weights",
    "plot_gradient_flow",
    "plot_images",
    "plot_misclassified",
    "plot_training_curves",
]
