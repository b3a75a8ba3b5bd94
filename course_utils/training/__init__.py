"""Train models by their configuration: evaluation, early stopping, checkpoints, experiments."""

from course_utils.training.checkpoint import load_model, save_model
from course_utils.training.config import TrainingConfig
from course_utils.training.early_stopping import EarlyStopper, EarlyStopping
from course_utils.training.evaluation import Evaluation, evaluate
from course_utils.training.experiments import ExperimentData, run_experiments, split_mnist
from course_utils.training.manager import TrainingManager
from course_utils.training.models import DeepBigSimpleNet, SoftmaxRegression, make_model
from course_utils.training.result import TrainingResult
from course_utils.training.steps import train_epoch

__all__ = [
    "DeepBigSimpleNet",
    "EarlyStopper",
    "EarlyStopping",
    "Evaluation",
    "ExperimentData",
    "SoftmaxRegression",
    "TrainingConfig",
    "TrainingManager",
    "TrainingResult",
    "evaluate",
    "load_model",
    "make_model",
    "run_experiments",
    "save_model",
    "split_mnist",
    "train_epoch",
]
