"""`ReduceLROnPlateau`: a lower rate where a metric has stopped improving."""

from __future__ import annotations

import math
from typing import Any

from course_utils.arrays import is_number
from course_utils.errors import ArgumentError
from course_utils.optim.schedules.schedule import (
    HasLearningRate,
    Schedule,
    check,
    check_count,
    check_rate,
)


class ReduceLROnPlateau(Schedule):
    """Multiply the rate by `factor` where a metric has not improved for a while.

    ``step(metric)`` is called after each epoch with the loss or the accuracy of the validation.

    Parameters
    ----------
    optimizer : object with a writable ``lr``
    mode : "min" or "max"
        Whether a good metric is small (a loss) or large (an accuracy).
    factor : float
        Above 0 and below 1.
    patience : int
        Epochs without an improvement that are let pass; the next one lowers the rate.
    threshold : float
        What counts as an improvement: better than the best by this part of it.
    threshold_mode : "rel" or "abs"
        Whether `threshold` is a part of the best, or a difference.
    cooldown : int
        Epochs after a reduction in which none is counted.
    min_lr : float
        The rate is not lowered below it.
    eps : float
        A reduction by no more than this is left out.

    Attributes
    ----------
    best : float
        The best metric so far.
    num_bad_epochs : int
        Epochs since then that are counted. NaN is no improvement.
    """

    def __init__(
        self,
        optimizer: HasLearningRate,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        super().__init__(optimizer)
        check("mode", mode, mode in ("min", "max"), '"min" or "max"', 'mode="min" for a loss')
        valid = is_number(factor) and 0 < factor < 1
        check("factor", factor, valid, "a number above 0 and below 1", "factor=0.1")
        known = threshold_mode in ("rel", "abs")
        check("threshold_mode", threshold_mode, known, '"rel" or "abs"', 'threshold_mode="rel"')
        for name, value in (("patience", patience), ("cooldown", cooldown)):
            if value != 0:
                check_count(name, value)
        for name, rate in (("threshold", threshold), ("min_lr", min_lr), ("eps", eps)):
            check_rate(name, rate)
        self.mode = mode
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.eps = eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = 0
        self.cooldown_counter = 0

    def step(self, metric: Any = None) -> None:
        """Look at a metric after an epoch, and lower the rate where it is time.

        Parameters
        ----------
        metric : float, or a Tensor or array of one number

        Raises
        ------
        ArgumentError
            Where `metric` is missing, or not one number.
        """
        value = _one_number(metric)
        self.steps += 1
        if self._is_better(value):
            self.best = value
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            lowered = max(self.optimizer.lr * self.factor, self.min_lr)
            if self.optimizer.lr - lowered > self.eps:
                self.optimizer.lr = lowered
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0

    def _is_better(self, value: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "abs":
            return sign * value > sign * self.best + self.threshold
        return sign * value > sign * self.best * (1 + sign * self.threshold)


def _one_number(metric: Any) -> float:
    try:
        return float(metric.item() if hasattr(metric, "item") else metric)
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            "this is not a metric",
            expected="one number: the loss or the accuracy of this epoch",
            found=repr(metric),
            mend="call step(validation_loss) after each epoch",
        ) from error
