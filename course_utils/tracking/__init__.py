"""Keep the numbers of every run: in local files, or with Weights & Biases too."""

from course_utils.tracking.tracker import ExperimentTracker
from course_utils.tracking.wandb_tracker import WandbTracker

__all__ = ["ExperimentTracker", "WandbTracker"]
