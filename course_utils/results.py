"""`ModelResults`: a table of how well each model did at each learning rate."""

from __future__ import annotations

import html
import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from course_utils.arrays import is_whole
from course_utils.data.mnist import load_mnist
from course_utils.errors import ArgumentError
from course_utils.network import DataSet, checked_sizes
from course_utils.progress import in_notebook

DEFAULT_LAYERS = (784, 30, 10)
HEADER = ("model", "lr", "accuracy")


class TrainableModel(Protocol):
    """What `ModelResults.evaluate_model` needs of a model; `Network` has it."""

    def train(
        self,
        training_data: DataSet,
        test_data: DataSet | None = None,
        epochs: int = ...,
        mini_batch_size: int = ...,
        learning_rate: float = ...,
    ) -> float:
        """Train, and return the last test accuracy."""
        ...


class _Key(NamedTuple):
    model: str  # as the caller names it
    settings: str  # "[784,100,30,10](momentum=0.2)": what the shown name gains
    learning_rate: float

    @property
    def shown(self) -> str:
        return f"{self.model}{self.settings}"


class ModelResults:
    """Accuracies by model and learning rate, shown as a table with the best mean first.

    Parameters
    ----------
    training_data, test_data : tuple of (x, y), keyword-only, optional
        Images and one-hot labels for `evaluate_model`. Without them MNIST is loaded with
        `load_mnist` when `evaluate_model` is first called, and then kept.
    epochs : int, keyword-only
        Length of each training in `evaluate_model`.

    Raises
    ------
    ArgumentError
        Where only one of `training_data` and `test_data` is given.

    Notes
    -----
    The number after ± is the sample standard deviation of the trainings (n - 1 in the
    denominator), in percentage points: how far one training is from the next. It is not the error
    of the mean. A single training has no spread, so only its accuracy is shown.

    Examples
    --------
    >>> results = ModelResults()
    >>> for accuracy in (0.969, 0.971, 0.973):
    ...     results.add_result("SoftMax", 1.0, accuracy)
    >>> results.add_result("Baseline", 10.0, 0.95)
    >>> results.display_results()
    model     lr  accuracy
    SoftMax   1   97.1% ± 0.2 p.p.
    Baseline  10  95.0%
    """

    def __init__(
        self,
        *,
        training_data: DataSet | None = None,
        test_data: DataSet | None = None,
        epochs: int = 10,
    ) -> None:
        if (training_data is None) != (test_data is None):
            raise ArgumentError(
                "only one of training_data and test_data was given",
                expected="both, or neither (then MNIST is loaded)",
                found="training_data alone" if test_data is None else "test_data alone",
                mend="call ModelResults(training_data=(x, y), test_data=(x, y))",
            )
        self._training_data = training_data
        self._test_data = test_data
        self._epochs = epochs
        self._accuracies: dict[_Key, list[float]] = {}

    def clear(self, model_name: str | None = None) -> None:
        """Forget the results of one model, or of all.

        Parameters
        ----------
        model_name : str, optional
            The name given to `add_result` or `evaluate_model` (then all layers and settings
            under this name are forgotten), or the name as the table shows it. A name without
            results is fine, so a cell can clear before it evaluates.
        """
        self._accuracies = {
            key: accuracies
            for key, accuracies in self._accuracies.items()
            if model_name is not None and model_name not in (key.model, key.shown)
        }

    def add_result(self, model_name: str, learning_rate: float, accuracy: float) -> None:
        """Add the accuracy of one training.

        Parameters
        ----------
        model_name : str
        learning_rate : float
        accuracy : float
            From 0 to 1.

        Raises
        ------
        ArgumentError
            Where the name is no text, a number is missing, or `accuracy` is outside 0..1.
        """
        self._add(_Key(model_name, "", _checked_rate(learning_rate)), accuracy)

    def evaluate_model(
        self,
        model_name: str,
        model_constructor: Callable[..., TrainableModel],
        layers: Sequence[int] = DEFAULT_LAYERS,
        learning_rates: Iterable[float] = (1.0, 10.0, 100.0),
        n_trainings: int = 3,
        **kwargs: Any,
    ) -> None:
        """Train new models and add the test accuracy of each.

        Every training starts from a new ``model_constructor(layers, **kwargs)`` and runs for 10
        epochs of mini-batches of 100.

        Parameters
        ----------
        model_name : str
            The shown name gains ``[784,100,30,10]`` for layers other than the default, and
            ``(l2_factor=1e-05,momentum=0.2)`` for `kwargs`.
        model_constructor : callable
            `Network` or a subclass.
        layers : sequence of int
            Units per layer.
        learning_rates : iterable of float
            Each is tried.
        n_trainings : int
            Trainings per learning rate.
        **kwargs
            Handed to `model_constructor`.

        Raises
        ------
        ArgumentError
            Where an argument makes no sense, or a training returns no accuracy.
        """
        if not is_whole(n_trainings) or n_trainings < 1:
            raise ArgumentError(
                "n_trainings must count trainings",
                expected="a whole number of at least 1",
                found=repr(n_trainings),
                mend="call evaluate_model(..., n_trainings=3), for instance",
            )
        if not callable(model_constructor):
            raise ArgumentError(
                "model_constructor cannot be called",
                expected="a class such as Network, or a function that makes a model",
                found=repr(model_constructor)[:200],
                mend="hand over the class itself, without brackets",
            )
        given = learning_rates if isinstance(learning_rates, Iterable) else [learning_rates]
        rates = [_checked_rate(learning_rate) for learning_rate in given]
        sizes = checked_sizes(layers)
        settings = ""
        if sizes != DEFAULT_LAYERS:
            settings += f"[{','.join(map(str, sizes))}]"
        if kwargs:
            settings += f"({','.join(f'{name}={value}' for name, value in kwargs.items())})"
        training_data, test_data = self._data()
        for learning_rate in rates:
            for _ in range(n_trainings):
                model = model_constructor(layers, **kwargs)
                accuracy = model.train(
                    training_data,
                    test_data,
                    epochs=self._epochs,
                    mini_batch_size=100,
                    learning_rate=learning_rate,
                )
                self._add(_Key(model_name, settings, learning_rate), accuracy)

    def display_results(self) -> None:
        """Show the table: as HTML in a notebook, as plain text elsewhere."""
        if in_notebook():
            from IPython.display import display

            display(self)
        else:
            print(self)

    def _add(self, key: _Key, accuracy: float) -> None:
        if not isinstance(key.model, str):
            raise ArgumentError(
                "this is not the name of a model",
                expected="a text",
                found=repr(key.model)[:80],
                mend='write "SoftMax", for instance',
            )
        if not 0 <= _number(accuracy) <= 1:  # false for NaN
            raise ArgumentError(
                f"the result of {key.shown} is not an accuracy",
                expected="a number from 0 to 1",
                found=repr(accuracy),
                mend="divide per cent by 100; train(...) returns -1 without test data",
            )
        self._accuracies.setdefault(key, []).append(float(accuracy))

    def _data(self) -> tuple[DataSet, DataSet]:
        if self._training_data is None or self._test_data is None:
            x_train, y_train, x_test, y_test = load_mnist()
            self._training_data, self._test_data = (x_train, y_train), (x_test, y_test)
        return self._training_data, self._test_data

    def _rows(self) -> list[tuple[str, str, str]]:
        """Return the table's cells, best mean first; equal means by name and learning rate."""
        ranked = sorted(
            self._accuracies.items(),
            key=lambda item: (-statistics.fmean(item[1]), item[0].shown, item[0].learning_rate),
        )
        return [
            (key.shown, f"{key.learning_rate:g}", _accuracy_text(accuracies))
            for key, accuracies in ranked
        ]

    def __repr__(self) -> str:
        rows = [HEADER, *self._rows()]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        return "\n".join(lines if len(rows) > 1 else [*lines, "(no results yet)"])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in HEADER)
        body = "".join(
            f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>"
            for row in self._rows() or [("(no results yet)", "", "")]
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _accuracy_text(accuracies: list[float]) -> str:
    text = f"{100 * statistics.fmean(accuracies):.1f}%"
    if len(accuracies) > 1:
        text += f" ± {100 * statistics.stdev(accuracies):.1f} p.p."
    return text


def _checked_rate(learning_rate: float) -> float:
    rate = _number(learning_rate)
    if not math.isfinite(rate):
        raise ArgumentError(
            "this is not a learning rate",
            expected="a finite number",
            found=repr(learning_rate),
            mend="hand over one number, such as 1.0; evaluate_model takes a list of them",
        )
    return rate


def _number(value: object) -> float:
    """Return a Python or numpy number as a float, and NaN for anything else."""
    if isinstance(value, float | int | np.floating | np.integer) and not isinstance(value, bool):
        return float(value)
    return math.nan
