"""Optimizers; names, defaults and formulas as in PyTorch."""

from course_utils.optim.adagrad import Adagrad
from course_utils.optim.adam import Adam, AdamW
from course_utils.optim.optimizer import Optimizer
from course_utils.optim.schedules import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    ReduceLROnPlateau,
    WarmupCosine,
    learning_rates,
)
from course_utils.optim.sgd import SGD

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialLR",
    "Optimizer",
    "ReduceLROnPlateau",
    "WarmupCosine",
    "learning_rates",
]
