"""What the lab notebooks import: data, functions, the baseline network and its results.

Only numpy is imported with the package; pandas, scikit-learn, pooch and tqdm are imported by the
functions that need them, so that a notebook starts quickly.
"""

from course_utils.autograd import Tensor, concatenate, no_grad, stack, where
from course_utils.data import augmentation
from course_utils.data.idx import read_image_file, read_label_file
from course_utils.data.loader import DataLoader
from course_utils.data.mnist import load_mnist
from course_utils.data.splits import train_validation_test_split
from course_utils.errors import ArgumentError, CourseUtilsError, DataError, ShapeError
from course_utils.functions import cross_entropy, sigmoid, sigmoid_prime, stable_softmax
from course_utils.network import Network
from course_utils.nn import (
    GELU,
    BatchNorm1d,
    CrossEntropyLoss,
    Dropout,
    Flatten,
    LayerNorm,
    Linear,
    Module,
    MSELoss,
    MultiheadAttention,
    Parameter,
    ReLU,
    Sequential,
    Sigmoid,
    Tanh,
    clip_grad_norm_,
    clip_grad_value_,
)
from course_utils.optim import SGD, Adagrad, Adam, AdamW
from course_utils.optim.schedules import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    ReduceLROnPlateau,
    WarmupCosine,
    learning_rates,
)
from course_utils.plots import (
    plot_confusion_matrix,
    plot_experiment_comparison,
    plot_first_layer_weights,
    plot_gradient_flow,
    plot_images,
    plot_misclassified,
    plot_training_curves,
)
from course_utils.results import ModelResults
from course_utils.seeding import get_generator, set_seed
from course_utils.tracking import ExperimentTracker, WandbTracker
from course_utils.training import (
    DeepBigSimpleNet,
    EarlyStopper,
    EarlyStopping,
    SoftmaxRegression,
    TrainingConfig,
    TrainingManager,
    evaluate,
    load_model,
    run_experiments,
    save_model,
)

__all__ = [
    "GELU",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "ArgumentError",
    "BatchNorm1d",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CourseUtilsError",
    "CrossEntropyLoss",
    "DataError",
    "DataLoader",
    "DeepBigSimpleNet",
    "Dropout",
    "EarlyStopper",
    "EarlyStopping",
    "ExperimentTracker",
    "ExponentialLR",
    "Flatten",
    "LayerNorm",
    "Linear",
    "MSELoss",
    "ModelResults",
    "Module",
    "MultiheadAttention",
    "Network",
    "Parameter",
    "ReLU",
    "ReduceLROnPlateau",
    "Sequential",
    "ShapeError",
    "Sigmoid",
    "SoftmaxRegression",
    "Tanh",
    "Tensor",
    "TrainingConfig",
    "TrainingManager",
    "WandbTracker",
    "WarmupCosine",
    "augmentation",
    "clip_grad_norm_",
    "clip_grad_value_",
    "concatenate",
    "cross_entropy",
    "evaluate",
    "get_generator",
    "learning_rates",
    "load_mnist",
    "load_model",
    "no_grad",
    "plot_confusion_matrix",
    "plot_experiment_comparison",
    "plot_first_layer_weights",
    "plot_gradient_flow",
    "plot_images",
    "plot_misclassified",
    "plot_training_curves",
    "read_image_file",
    "read_label_file",
    "run_experiments",
    "save_model",
    "set_seed",
    "sigmoid",
    "sigmoid_prime",
    "stable_softmax",
    "stack",
    "train_validation_test_split",
    "where",
]
