"""`ExponentialLR`: the same factor in every step."""

from __future__ import annotations

from course_utils.arrays import is_number
from course_utils.optim.schedules.schedule import HasLearningRate, Schedule, check


class ExponentialLR(Schedule):
    r"""Multiply the rate by `gamma` in every step: :math:`\eta_t = \eta_0 \gamma^t`.

    Parameters
    ----------
    optimizer : object with a writable ``lr``
    gamma : float
        Above 0.
    """

    def __init__(self, optimizer: HasLearningRate, gamma: float) -> None:
        super().__init__(optimizer)
        check("gamma", gamma, is_number(gamma) and gamma > 0, "a number above 0", "gamma=0.95")
        self.gamma = gamma

    def rate(self, steps: int) -> float:
        """Return the learning rate after so many steps."""
        return self.base_lr * self.gamma**steps
