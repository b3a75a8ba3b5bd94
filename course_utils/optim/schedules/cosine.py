"""Schedules along half a cosine: once, with restarts, and after a warm-up."""

from __future__ import annotations

import math

from course_utils.optim.schedules.schedule import (
    HasLearningRate,
    Schedule,
    check,
    check_count,
    check_rate,
)


class CosineAnnealingLR(Schedule):
    r"""Go down to `eta_min` in `T_max` steps along half a cosine, and up again after that.

    .. math:: \eta_t = \eta_{min} + (\eta_0 - \eta_{min}) (1 + \cos(\pi t / T_{max})) / 2

    Parameters
    ----------
    optimizer : object with a writable ``lr``
    T_max : int
        Steps from the base rate to the lowest.
    eta_min : float
        The lowest rate.

    Notes
    -----
    I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts",
    ICLR 2017, equation 5 without the restarts.
    """

    def __init__(self, optimizer: HasLearningRate, T_max: int, eta_min: float = 0.0) -> None:  # noqa: N803 - PyTorch's name
        super().__init__(optimizer)
        check_count("T_max", T_max)
        check_rate("eta_min", eta_min)
        self.T_max = T_max
        self.eta_min = eta_min

    def rate(self, steps: int) -> float:
        """Return the learning rate after so many steps."""
        return _cosine(self.base_lr, self.eta_min, steps / self.T_max)


class CosineAnnealingWarmRestarts(Schedule):
    """Go down along half a cosine, jump back to the base rate, and go down again, more slowly.

    The first descent has `T_0` steps, and each next one `T_mult` times as many: with T_0=10 and
    T_mult=2 the rate is back at the top after 10, 30 and 70 steps.

    Parameters
    ----------
    optimizer : object with a writable ``lr``
    T_0 : int
        Steps of the first descent.
    T_mult : int
        At least 1, with which all descents are of one length.
    eta_min : float
        The rate that each descent goes down towards.

    Notes
    -----
    I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts",
    ICLR 2017, equation 5.
    """

    def __init__(
        self,
        optimizer: HasLearningRate,
        T_0: int,  # noqa: N803 - PyTorch's name
        T_mult: int = 1,  # noqa: N803
        eta_min: float = 0.0,
    ) -> None:
        super().__init__(optimizer)
        check_count("T_0", T_0)
        check_count("T_mult", T_mult)
        check_rate("eta_min", eta_min)
        self.T_0 = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min

    def rate(self, steps: int) -> float:
        """Return the learning rate after so many steps."""
        length = self.T_0
        while steps >= length:  # go on to the descent that this step belongs to
            steps -= length
            length *= self.T_mult
        return _cosine(self.base_lr, self.eta_min, steps / length)


class WarmupCosine(Schedule):
    r"""Go up to the base rate in equal steps, then down to `min_lr` along half a cosine.

    With w warm-up epochs of T, epoch t (counted from 0) has the rate
    :math:`\eta_0 (t + 1) / w` before epoch w, and from there on
    :math:`\eta_{min} + (\eta_0 - \eta_{min}) (1 + \cos(\pi (t - w) / (T - w))) / 2`.

    Parameters
    ----------
    optimizer : object with a writable ``lr``
        Gets the rate of the first epoch at once.
    total_epochs : int
        T. From there on the rate stays at `min_lr`.
    warmup_epochs : int
        w, below T; 0 for none.
    min_lr : float

    Notes
    -----
    The same as PyTorch's SequentialLR of a LinearLR (start_factor 1/w, w - 1 steps) and a
    CosineAnnealingLR (T - w steps), changing over at w. Warm-up: P. Goyal and others, "Accurate,
    large minibatch SGD: training ImageNet in 1 hour", 2017, section 2.2.
    """

    def __init__(
        self,
        optimizer: HasLearningRate,
        total_epochs: int,
        warmup_epochs: int = 5,
        min_lr: float = 1e-5,
    ) -> None:
        super().__init__(optimizer)
        check_count("total_epochs", total_epochs)
        if warmup_epochs != 0:
            check_count("warmup_epochs", warmup_epochs)
        below = warmup_epochs < total_epochs
        check("warmup_epochs", warmup_epochs, below, f"fewer than {total_epochs} epochs", "5 of 50")
        check_rate("min_lr", min_lr)
        self.total_epochs = total_epochs
        self.warmup_epochs = warmup_epochs
        self.min_lr = min_lr
        self.optimizer.lr = self.rate(0)

    def rate(self, steps: int) -> float:
        """Return the learning rate after so many steps."""
        if steps < self.warmup_epochs:
            return self.base_lr * (steps + 1) / self.warmup_epochs
        part = (steps - self.warmup_epochs) / (self.total_epochs - self.warmup_epochs)
        return _cosine(self.base_lr, self.min_lr, min(part, 1.0))


def _cosine(highest: float, lowest: float, part: float) -> float:
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * part)) / 2
