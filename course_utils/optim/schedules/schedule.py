"""`Schedule`, the base of the schedules, and how their arguments are checked."""

from __future__ import annotations

from typing import Any, Protocol

from course_utils.arrays import is_number, is_whole
from course_utils.errors import ArgumentError


class HasLearningRate(Protocol):
    """What a schedule acts on: an optimizer, for instance."""

    lr: float


class Schedule:
    """Base of the schedules; a subclass says in `rate` what the rate is after some steps.

    Parameters
    ----------
    optimizer : object with a writable ``lr``

    Attributes
    ----------
    base_lr : float
        The optimizer's rate when the schedule was made.
    steps : int
        How often `step` was called.

    Raises
    ------
    ArgumentError
        Where `optimizer` has no learning rate.
    """

    def __init__(self, optimizer: HasLearningRate) -> None:
        lr: Any = getattr(optimizer, "lr", None)
        if not is_number(lr):
            raise ArgumentError(
                "this optimizer has no learning rate to change",
                expected="an object whose lr is a number",
                found=f"{type(optimizer).__name__} with lr {lr!r}",
                mend="hand over the optimizer, as in CosineAnnealingLR(optimizer, T_max=50)",
            )
        self.optimizer = optimizer
        self.base_lr = float(lr)
        self.steps = 0

    def rate(self, steps: int) -> float:
        """Return the learning rate after so many steps."""
        raise NotImplementedError

    def step(self) -> None:
        """Count one step, and give the optimizer its next rate."""
        self.steps += 1
        self.optimizer.lr = self.rate(self.steps)

    def get_lr(self) -> float:
        """Return the optimizer's learning rate now."""
        return float(self.optimizer.lr)

    def state_dict(self) -> dict[str, Any]:
        """Return what `load_state_dict` needs to go on from here: numbers and texts by name."""
        return {name: value for name, value in vars(self).items() if name != "optimizer"}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where another schedule of this kind was; the optimizer keeps its own rate.

        Raises
        ------
        ArgumentError
            Where `state` is that of another kind of schedule.
        """
        names = sorted(state) if isinstance(state, dict) else None
        if names != sorted(self.state_dict()):
            raise ArgumentError(
                f"this is not the state of a {type(self).__name__}",
                expected=", ".join(sorted(self.state_dict())),
                found=type(state).__name__ if names is None else ", ".join(names) or "nothing",
                mend="load what state_dict() of the same kind of schedule returned",
            )
        vars(self).update(state)


def check(name: str, value: object, valid: bool, expected: str, example: str) -> None:
    """Raise an ArgumentError unless an argument is valid."""
    if not valid:
        raise ArgumentError(
            f"{name} does not make a schedule",
            expected=expected,
            found=repr(value),
            mend=f"for instance, {example}",
        )


def check_count(name: str, value: Any) -> None:
    """Raise an ArgumentError unless an argument counts something."""
    check(name, value, is_whole(value) and value >= 1, "a whole number of at least 1", f"{name}=10")


def check_rate(name: str, value: Any) -> None:
    """Raise an ArgumentError unless an argument can be a learning rate, or 0."""
    check(
        name,
        value,
        is_number(value) and value >= 0,
        "a finite number of at least 0",
        f"{name}=1e-5",
    )
