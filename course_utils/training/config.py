"""`TrainingConfig`: everything that decides how one experiment is trained."""

from __future__ import annotations

import dataclasses
import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from course_utils.errors import ArgumentError

OPTIMIZERS = ("sgd", "adam")
SCHEDULES = ("none", "cosine", "warmup_cosine")


@dataclass
class TrainingConfig:
    """The settings of one experiment; every value is checked when the object is made.

    Parameters
    ----------
    input_size, output_size : int
        Features of an image and number of classes.
    hidden_sizes : list of int
        Units of each hidden layer. Empty: softmax regression.
    dropout_rate : float
        Probability in 0..1 (1 excluded) that a unit is dropped while training.
    batch_size : int
        Images in a mini-batch.
    num_epochs : int
        Passes over the training set, unless early stopping ends it before.
    learning_rate : float
        The optimizer's step size; the highest one where a schedule lowers it.
    weight_decay : float
        Added to the gradient as ``weight_decay * parameter``.
    optimizer : {"sgd", "adam"}
    scheduler_type : {"none", "cosine", "warmup_cosine"}
        How the learning rate changes from epoch to epoch.
    warmup_epochs : int
        Epochs in which ``"warmup_cosine"`` raises the rate.
    min_lr : float
        Where both cosine schedules end.
    early_stopping : bool
        Whether `EarlyStopper` watches the validation loss.
    patience : int
        Bad epochs in a row that end the training.
    loss_delta : float
        An epoch is bad where its validation loss lies more than this above the lowest so far.
    use_augmentation : bool
        Whether training images are moved, blurred and bent at random.
    experiment_name, project_name : str
        Names under which a tracker files the results.
    momentum : float
        Of SGD: v = momentum v + g. Adam has its own.
    seed : int
        For starting weights, order of the batches, dropout and augmentation.
    restore_best : bool
        Whether the model ends with the weights of its best epoch, that of the highest validation
        accuracy, and not with the last.

    Raises
    ------
    ArgumentError
        Where a value makes no sense. It says which, and what was expected.

    Examples
    --------
    >>> config = TrainingConfig(hidden_sizes=[40, 15], optimizer="adam", experiment_name="small")
    >>> config.batch_size, config.patience
    (128, 10)
    >>> TrainingConfig(optimizer="sdg")
    Traceback (most recent call last):
    course_utils.errors.ArgumentError: TrainingConfig: optimizer does not fit
      expected: 'sgd' or 'adam'
      found: 'sdg'
      what to do: did you mean 'sgd'?
    """

    input_size: int = 784
    output_size: int = 10
    hidden_sizes: list[int] = field(default_factory=list)
    dropout_rate: float = 0.0
    batch_size: int = 128
    num_epochs: int = 50
    learning_rate: float = 0.01
    weight_decay: float = 0.0
    optimizer: str = "sgd"
    scheduler_type: str = "none"
    warmup_epochs: int = 5
    min_lr: float = 1e-5
    early_stopping: bool = True
    patience: int = 10
    loss_delta: float = 0.02
    use_augmentation: bool = False
    experiment_name: str = "experiment"
    project_name: str = "mnist"
    momentum: float = 0.0
    seed: int = 42
    restore_best: bool = True

    def __post_init__(self) -> None:
        for name in ("input_size", "output_size", "batch_size", "num_epochs", "patience"):
            setattr(self, name, _whole(name, getattr(self, name), least=1))
        self.warmup_epochs = _whole("warmup_epochs", self.warmup_epochs, least=0)
        self.seed = _whole("seed", self.seed, least=0, most=2**32 - 1)
        self.hidden_sizes = _sizes(self.hidden_sizes)
        self.learning_rate = _real("learning_rate", self.learning_rate, above=0)
        for name in ("weight_decay", "min_lr", "loss_delta"):
            setattr(self, name, _real(name, getattr(self, name)))
        for name in ("dropout_rate", "momentum"):
            setattr(self, name, _real(name, getattr(self, name), below=1))
        _one_of("optimizer", self.optimizer, OPTIMIZERS)
        _one_of("scheduler_type", self.scheduler_type, SCHEDULES)
        for name in ("early_stopping", "use_augmentation", "restore_best"):
            if not isinstance(getattr(self, name), bool):
                _reject(name, "True or False", getattr(self, name), "write it without quotes")
        for name in ("experiment_name", "project_name"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name).strip():
                _reject(name, "a name", getattr(self, name), 'write a text such as "softmax"')
        self._check_the_schedule()

    def _check_the_schedule(self) -> None:
        if self.scheduler_type != "none" and self.min_lr > self.learning_rate:
            _reject(
                "min_lr",
                f"at most learning_rate, which is {self.learning_rate:g}",
                self.min_lr,
                "lower min_lr: a cosine schedule ends there",
            )
        if self.scheduler_type == "warmup_cosine" and self.warmup_epochs >= self.num_epochs:
            _reject(
                "warmup_epochs",
                f"less than num_epochs, which is {self.num_epochs}",
                self.warmup_epochs,
                'leave epochs for the cosine, or choose scheduler_type="none"',
            )

    def to_dict(self) -> dict[str, Any]:
        """Return all settings by name, as JSON can hold them."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> TrainingConfig:
        """Make a configuration from names and values; what is not named has its default.

        Parameters
        ----------
        settings : mapping of str to value

        Raises
        ------
        ArgumentError
            Where a name is none of the settings, or a value makes no sense.

        Examples
        --------
        >>> TrainingConfig.from_dict({"batch_size": 32}).batch_size
        32
        """
        if not isinstance(settings, Mapping):
            raise ArgumentError(
                "these are no settings",
                expected='a dict of names and values, such as {"batch_size": 32}',
                found=repr(settings)[:80],
                mend="hand over a TrainingConfig, or a dict",
            )
        known = [item.name for item in dataclasses.fields(cls)]
        for name in settings:
            if name not in known:
                raise ArgumentError(
                    f"TrainingConfig has no setting {name!r}",
                    expected=", ".join(known),
                    found=repr(name),
                    mend=_suggestion(name, known) or "remove it, or correct its name",
                )
        return cls(**settings)


def _whole(name: str, value: Any, *, least: int, most: int | None = None) -> int:
    limits = f"of at least {least}" if most is None else f"from {least} to {most}"
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or number < least or (most is not None and number > most):
        _reject(name, f"a whole number {limits}", value, f"write {name}={max(least, 1)}, or more")
    return number


def _real(
    name: str, value: Any, *, above: float | None = None, below: float | None = None
) -> float:
    limits = "above 0" if above == 0 else "of at least 0"
    if below is not None:
        limits += f" and below {below:g}"
    try:
        number = math.nan if isinstance(value, bool | str) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    fits = math.isfinite(number) and (number > 0 if above == 0 else number >= 0)
    if not fits or (below is not None and number >= below):
        _reject(name, f"a number {limits}", value, f"choose {name} in that range")
    return number


def _sizes(value: Any) -> list[int]:
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        _reject("hidden_sizes", "a list of whole numbers", value, "write [256], or [] for none")
    return [_whole("hidden_sizes", size, least=1) for size in value]


def _one_of(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        shown = ", ".join(repr(choice) for choice in choices[:-1]) + f" or {choices[-1]!r}"
        mend = _suggestion(value, choices) or f"choose one of them for {name}"
        _reject(name, shown, value, mend)


def _suggestion(value: Any, choices: list[str] | tuple[str, ...]) -> str:
    import difflib

    close = difflib.get_close_matches(str(value), choices, n=1)
    return f"did you mean {close[0]!r}?" if close else ""


def _reject(name: str, expected: str, value: Any, mend: str) -> None:
    raise ArgumentError(
        f"TrainingConfig: {name} does not fit", expected=expected, found=repr(value), mend=mend
    )
