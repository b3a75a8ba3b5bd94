"""One pass over the training set, and what it is made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from course_utils.arrays import check_finite
from course_utils.autograd import Tensor
from course_utils.errors import CourseUtilsError, DataError
from course_utils.optim import SGD, Adam, Optimizer
from course_utils.training.batches import Batch, batches, class_numbers
from course_utils.training.config import TrainingConfig


class DivergedError(CourseUtilsError):
    """The loss became infinite or NaN: going on would change nothing for the better."""


def train_epoch(
    model: Any,
    loader: Iterable[Batch],
    loss_fn: Callable[[Any, Any], Any],
    optimizer: Any,
    after_batch: Callable[[], object] = lambda: None,
    epoch: int = 1,
) -> tuple[float, float]:
    """Train on every batch of the loader once.

    Parameters
    ----------
    model : nn.Module
        Put into training mode, and left in it.
    loader : iterable of (x, y)
        ndarrays; y holds class numbers (batch,) or one-hot rows (batch, classes).
    loss_fn : callable
        ``loss_fn(logits, y)`` returns the mean loss of a batch as a Tensor.
    optimizer : Optimizer
    after_batch : callable
        Called without arguments after each step, for a progress bar.
    epoch : int
        Which one this is, for the error.

    Returns
    -------
    loss, accuracy : float
        Means over the images, as they were met: by a model that changed meanwhile, with dropout
        and augmentation. So the accuracy (0..1) may lie below that of the validation.

    Raises
    ------
    DivergedError
        Where the loss is infinite or NaN. The step of that batch is not made.
    DataError
        Where the loader yields nothing, or something else than pairs of images and labels.
    ArgumentError
        Where the loss is not finite because an image is not.
    """
    model.train()
    images, total_loss, right = 0, 0.0, 0
    # Weights on their way to infinity are reported below, in words, and not by numpy.
    with np.errstate(over="ignore", invalid="ignore"):
        for number, (x, y) in enumerate(batches(loader), start=1):
            labels = class_numbers(y, len(x))
            logits = model(Tensor(x))
            loss = loss_fn(logits, labels)
            value = float(loss.item())
            if not math.isfinite(value):
                check_finite(np.asarray(x), "x")  # else it is the step that was too large
                raise diverged("loss", value, f"epoch {epoch}, batch {number}", optimizer.lr)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            images += len(labels)
            total_loss += value * len(labels)
            right += int(np.count_nonzero(logits.data.argmax(axis=1) == labels))
            after_batch()
    if not images:
        raise DataError(
            "there is nothing to train on",
            expected="a loader with at least one batch",
            found="a loader that yields none",
            mend="check the size of the training set, and drop_last; a generator ends for good",
        )
    return total_loss / images, right / images


def diverged(what: str, value: float, where: str, learning_rate: float) -> DivergedError:
    """Return the error that says where a loss left the finite numbers, and what to try."""
    return DivergedError(
        f"the {what} became {value} in {where}",
        expected="a finite number",
        found=f"{value}, at learning rate {learning_rate:g}",
        mend=f"try learning rate {learning_rate / 10:g}; then look for a log(0) or a division by 0",
    )


def make_optimizer(config: TrainingConfig, parameters: Iterable[Tensor]) -> Optimizer:
    """Return the optimizer that a configuration names, over a model's parameters."""
    if config.optimizer == "adam":
        return Adam(parameters, lr=config.learning_rate, weight_decay=config.weight_decay)
    return SGD(
        parameters,
        lr=config.learning_rate,
        momentum=config.momentum,
        weight_decay=config.weight_decay,
    )
