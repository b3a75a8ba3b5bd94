"""Stop a training that no longer gets better: two forms, the short one and the one with a memory.

Prechelt, *Early Stopping - But When?*, in Neural Networks: Tricks of the Trade (1998), is the
paper; both classes follow its rule of patience: so many checks in a row without success.
"""

from __future__ import annotations

import math
import operator
from typing import Any

from course_utils.errors import ArgumentError
from course_utils.training.weights import Weights, copy_weights, load_weights


class EarlyStopper:
    """Say when the validation loss has risen for too long.

    A loss below the lowest so far is good. A loss more than `min_delta` above the lowest is bad,
    and `patience` bad ones without a good one between them end the training. A loss between the
    two is neither. NaN is bad.

    Parameters
    ----------
    patience : int
        Bad checks that end the training.
    min_delta : float
        How far above the lowest loss a loss may lie without being bad. In the loss's unit.

    Attributes
    ----------
    counter : int
        Bad checks since the last good one.
    min_validation_loss : float
        The lowest loss so far, infinite at the start.

    Raises
    ------
    ArgumentError
        Where `patience` is no whole number above 0, or `min_delta` is negative.

    Examples
    --------
    >>> stopper = EarlyStopper(patience=2, min_delta=0.1)
    >>> [stopper.early_stop(loss) for loss in (1.0, 0.5, 0.55, 0.7, 0.8)]
    [False, False, False, False, True]
    """

    def __init__(self, patience: int = 1, min_delta: float = 0) -> None:
        self.patience = _checked_patience(patience)
        self.min_delta = _checked_delta(min_delta)
        self.counter = 0
        self.min_validation_loss = math.inf

    def early_stop(self, validation_loss: float) -> bool:
        """Take the validation loss of one epoch; return whether to stop now."""
        loss = _number(validation_loss, "validation_loss")
        if loss < self.min_validation_loss:
            self.min_validation_loss = loss
            self.counter = 0
        elif not loss <= self.min_validation_loss + self.min_delta:  # true for NaN
            self.counter += 1
        return self.counter >= self.patience

    def reset(self) -> None:
        """Forget everything seen."""
        self.counter = 0
        self.min_validation_loss = math.inf

    def state_dict(self) -> dict[str, float]:
        """Return what was seen so far, for a checkpoint."""
        return {"counter": self.counter, "min_validation_loss": self.min_validation_loss}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Go on from what `state_dict` returned."""
        if not isinstance(state, dict) or state.keys() != self.state_dict().keys():
            raise ArgumentError(
                "this is not the state of an EarlyStopper",
                expected=", ".join(self.state_dict()),
                found=repr(state)[:200],
                mend="load what state_dict() returned",
            )
        self.counter = int(state["counter"])
        self.min_validation_loss = float(state["min_validation_loss"])


class EarlyStopping:
    """Say when a score no longer improves, and give the model its best weights back.

    A score is an improvement where it is better than the best by more than `min_delta`. After
    `patience` checks in a row without one, the training should stop.

    Parameters
    ----------
    patience : int
        Checks in a row without improvement that end the training.
    min_delta : float
        By how much a score must beat the best, in the score's unit.
    restore_best : bool
        Whether the model is given the weights of the best check when the training stops.
    mode : {"min", "max"}
        Whether small scores are good (a loss) or large ones (an accuracy).

    Attributes
    ----------
    counter : int
        Checks since the last improvement.
    best_score : float or None
        None before the first check.
    best_epoch : int or None
    early_stop : bool
        Whether the training should stop.

    Raises
    ------
    ArgumentError
        Where an argument makes no sense.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> weight = SimpleNamespace(data=np.zeros(1))
    >>> model = SimpleNamespace(parameters=lambda: [weight])
    >>> stopping = EarlyStopping(patience=2, mode="max")
    >>> for epoch, accuracy in enumerate([0.8, 0.9, 0.85, 0.7]):
    ...     weight.data[:] = epoch
    ...     if stopping(accuracy, model, epoch):
    ...         break
    >>> stopping.best_epoch, stopping.best_score, weight.data
    (1, 0.9, array([1.]))
    """

    def __init__(
        self,
        patience: int = 10,
        min_delta: float = 0.0,
        restore_best: bool = True,
        mode: str = "min",
    ) -> None:
        if mode not in ("min", "max"):
            raise ArgumentError(
                "EarlyStopping does not know this mode",
                expected="'min' (small scores are good) or 'max' (large scores are good)",
                found=repr(mode),
                mend="write mode='min' for a loss and mode='max' for an accuracy",
            )
        self.patience = _checked_patience(patience)
        self.min_delta = _checked_delta(min_delta)
        self.restore_best = restore_best
        self.mode = mode
        self.reset()

    def reset(self) -> None:
        """Forget everything seen, the best weights too."""
        self.counter = 0
        self.best_score: float | None = None
        self.best_epoch: int | None = None
        self.early_stop = False
        self.best_weights: Weights | None = None

    def __call__(self, score: float, model: Any = None, epoch: int | None = None) -> bool:
        """Take one score; return whether to stop now.

        Parameters
        ----------
        score : float
            NaN is never an improvement.
        model : object, optional
            Has ``state_dict()`` and ``load_state_dict(...)``, or ``parameters()`` that returns
            objects with a ``.data`` array. Needed where `restore_best` is set.
        epoch : int, optional
            Kept as `best_epoch`.

        Returns
        -------
        bool
            The same as the attribute `early_stop`.
        """
        score = _number(score, "score")
        if self._improves(score):
            self.best_score, self.best_epoch, self.counter = score, epoch, 0
            if self.restore_best and model is not None:
                self.best_weights = copy_weights(model)
            return self.early_stop
        self.counter += 1
        if self.counter >= self.patience:
            self.early_stop = True
            self.restore(model)
        return self.early_stop

    def restore(self, model: Any) -> bool:
        """Give `model` the best weights; return whether there were any.

        For a training that ran through all its epochs without being stopped.
        """
        if not self.restore_best or model is None or self.best_weights is None:
            return False
        load_weights(model, self.best_weights)
        return True

    def _improves(self, score: float) -> bool:
        if math.isnan(score):
            return False
        if self.best_score is None:
            return True
        if self.mode == "min":
            return score < self.best_score - self.min_delta
        return score > self.best_score + self.min_delta


def _checked_patience(patience: int) -> int:
    try:
        number = operator.index(patience)
    except TypeError:
        number = 0
    if number < 1 or isinstance(patience, bool):
        raise ArgumentError(
            "patience does not fit",
            expected="a whole number of at least 1",
            found=repr(patience),
            mend="write the number of checks to wait; 1 stops at the first bad one",
        )
    return number


def _checked_delta(min_delta: float) -> float:
    number = _number(min_delta, "min_delta")
    if not 0 <= number < math.inf:
        raise ArgumentError(
            "min_delta does not fit",
            expected="a number of at least 0, in the unit of the score",
            found=repr(min_delta),
            mend="leave out the sign: whether small or large is good is decided elsewhere",
        )
    return number


def _number(value: Any, name: str) -> float:
    try:
        return float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"{name} is not a number",
            expected="one number",
            found=repr(value)[:80],
            mend=f"hand over {name} as a float; an average over the epoch, for instance",
        ) from error
