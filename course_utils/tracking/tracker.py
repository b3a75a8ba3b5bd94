"""`ExperimentTracker`: the numbers of every run, kept in a folder of CSV and JSON files."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils.arrays import is_whole
from course_utils.errors import ArgumentError
from course_utils.paths import as_path
from course_utils.tracking.files import plain, read_epochs, read_summary, write_epochs, write_json

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

EPOCHS, SUMMARY = "epochs.csv", "summary.json"
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}")

Row = dict[str, Any]


class ExperimentTracker:
    """Keeps what happened in each epoch of each experiment, and how it ended.

    Parameters
    ----------
    folder : str, path or None
        Where the files go: ``<folder>/<experiment>/epochs.csv`` and ``summary.json``. Runs that
        are there already are loaded. None keeps everything in memory.

    Raises
    ------
    DataError
        Where a file of an earlier run is damaged. It names the file.

    Notes
    -----
    Files are replaced whole at each call, so a killed process leaves none half written.

    Examples
    --------
    >>> tracker = ExperimentTracker(folder=None)
    >>> tracker.log_epoch("softmax", 1, {"val_loss": 0.40, "val_accuracy": 0.89})
    >>> tracker.log_epoch("softmax", 2, {"val_loss": 0.35, "val_accuracy": 0.90})
    >>> tracker.log_summary("softmax", {"test_accuracy": 0.9, "epochs": 2})
    >>> tracker.get_experiment_df("softmax")
       epoch  val_loss  val_accuracy
    0      1      0.40          0.89
    1      2      0.35          0.90
    >>> tracker.get_all_summaries()
      experiment  test_accuracy  epochs
    0    softmax            0.9       2
    """

    def __init__(self, folder: str | os.PathLike[str] | None = "experiments") -> None:
        self.folder = None if folder is None else as_path(folder)
        self._epochs: dict[str, dict[int, Row]] = {}
        self._summaries: dict[str, Row] = {}
        if self.folder is not None and self.folder.is_dir():
            self._load(self.folder)

    @property
    def experiments(self) -> list[str]:
        """Names of all experiments: those loaded by name, then the others as they came."""
        return list(dict.fromkeys([*self._epochs, *self._summaries]))

    def log_epoch(self, name: str, epoch: int, metrics: Mapping[str, Any]) -> None:
        """Keep the metrics of one epoch; an epoch that is there already is replaced.

        Parameters
        ----------
        name : str
            The experiment. Letters, digits and ``. _ + -``: it names a folder.
        epoch : int
            Counted from 1.
        metrics : mapping of str to number
            Such as ``train_loss``, ``val_loss``, ``val_accuracy``, ``learning_rate``.

        Raises
        ------
        ArgumentError
            Where the name cannot name a folder, or a metric is not a number.
        """
        self._check_name(name)
        if not is_whole(epoch):
            raise ArgumentError(
                "this is not the number of an epoch",
                expected="a whole number, counted from 1",
                found=repr(epoch)[:80],
                mend='call log_epoch(name, epoch, {"val_loss": 0.4})',
            )
        row = {key: _metric(key, value) for key, value in _named(metrics, "metrics").items()}
        rows = self._epochs.setdefault(name, {})
        rows[int(epoch)] = row
        if self.folder is not None:
            write_epochs(self.folder / name / EPOCHS, rows)

    def log_summary(self, name: str, summary: Mapping[str, Any]) -> None:
        """Keep how an experiment ended, in place of an earlier summary.

        Parameters
        ----------
        name : str
        summary : mapping of str to value
            Whatever JSON can hold, and numpy's numbers and arrays. ``confusion_matrix`` is what
            `plot_confusion_matrix` draws.

        Raises
        ------
        ArgumentError
            Where the name cannot name a folder, or JSON cannot hold a value. Nothing is kept then.
        """
        self._check_name(name)
        values = {str(key): plain(value) for key, value in _named(summary, "summary").items()}
        for key, value in values.items():
            _check_keepable(key, value)
        self._summaries[name] = values
        if self.folder is not None:
            write_json(self.folder / name / SUMMARY, self._summaries[name])

    def clear(self, name: str) -> None:
        """Forget an experiment, its files too; a name without one is fine."""
        self._check_name(name)
        self._epochs.pop(name, None)
        self._summaries.pop(name, None)
        if self.folder is not None:
            for file in (EPOCHS, SUMMARY):
                (self.folder / name / file).unlink(missing_ok=True)
            if (self.folder / name).is_dir() and not any((self.folder / name).iterdir()):
                shutil.rmtree(self.folder / name)

    def get_experiment_df(self, name: str) -> pd.DataFrame:
        """Return the epochs of one experiment: a row for each, the column ``epoch`` first."""
        import pandas as pd

        self._check_known(name)
        rows = self._epochs.get(name, {})
        columns = list(dict.fromkeys(key for row in rows.values() for key in row))
        return pd.DataFrame(
            [{"epoch": epoch, **rows[epoch]} for epoch in sorted(rows)], columns=["epoch", *columns]
        )

    def get_summary(self, name: str) -> Row:
        """Return the whole summary of one experiment; empty where it has not ended."""
        self._check_known(name)
        return dict(self._summaries.get(name, {}))

    def get_all_summaries(self) -> pd.DataFrame:
        """Return a row for each experiment that ended: single values only, no matrices."""
        import pandas as pd

        rows = [
            {"experiment": name}
            | {key: value for key, value in summary.items() if not isinstance(value, dict | list)}
            for name, summary in self._summaries.items()
        ]
        columns = list(dict.fromkeys(key for row in rows for key in row))
        return pd.DataFrame(rows, columns=columns or ["experiment"])

    def export_csv(self, folder: str | os.PathLike[str] | None = None) -> tuple[Path, Path]:
        """Write two tables: ``summaries.csv``, and ``epochs.csv`` with all runs below each other.

        Parameters
        ----------
        folder : str or path, optional
            The tracker's own folder where it is left out.

        Returns
        -------
        tuple of Path
            The two files.

        Raises
        ------
        ArgumentError
            Where there is no folder to write to.
        """
        import pandas as pd

        target = self.folder if folder is None else Path(folder)
        if target is None:
            raise ArgumentError(
                "this tracker keeps nothing in files",
                expected="a folder to write to",
                found="a tracker made with folder=None",
                mend="call export_csv('my-results')",
            )
        target.mkdir(parents=True, exist_ok=True)
        tables = []
        for name in self._epochs:
            table = self.get_experiment_df(name)
            table.insert(0, "experiment", name)
            tables.append(table)
        summaries, epochs = target / "summaries.csv", target / "epochs.csv"
        self.get_all_summaries().to_csv(summaries, index=False)
        (pd.concat(tables) if tables else pd.DataFrame()).to_csv(epochs, index=False)
        return summaries, epochs

    def plot_training_curves(
        self, metric: str = "loss", names: Sequence[str] | None = None, ax: Axes | None = None
    ) -> Axes:
        """Draw a metric against the epoch; see `course_utils.plots.plot_training_curves`.

        Parameters
        ----------
        metric : str
            A column such as ``"val_accuracy"``; ``"loss"`` and ``"accuracy"`` draw training
            (dashed) and validation (solid).
        names : sequence of str, optional
            The experiments; all that have epochs where it is left out.
        ax : Axes, optional
        """
        from course_utils.plots import plot_training_curves

        chosen = list(self._epochs) if names is None else list(names)
        return plot_training_curves(
            {name: self.get_experiment_df(name) for name in chosen}, metric, ax=ax
        )

    def plot_confusion_matrix(self, name: str, ax: Axes | None = None) -> Axes:
        """Draw the confusion matrix in an experiment's summary: rows true, columns answered."""
        from course_utils.plots import plot_confusion_matrix

        matrix = self.get_summary(name).get("confusion_matrix")
        if matrix is None:
            raise ArgumentError(
                f"{name} has no confusion matrix",
                expected='a summary with "confusion_matrix"',
                found=", ".join(self.get_summary(name)) or "no summary: it has not ended",
                mend="train it to its end, with a test loader",
            )
        return plot_confusion_matrix(matrix, title=name, ax=ax)

    def plot_experiment_comparison(
        self,
        metric: str = "test_accuracy",
        names: Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw one number of each summary, the best on top.

        Parameters
        ----------
        metric : str
            A column of `get_all_summaries`.
        names : sequence of str, optional
        ax : Axes, optional
        """
        from course_utils.plots import plot_experiment_comparison

        chosen = list(self._summaries) if names is None else list(names)
        summaries = {name: self.get_summary(name) for name in chosen}
        return plot_experiment_comparison(summaries, metric, ax=ax)

    def _load(self, folder: Path) -> None:
        for place in sorted(path for path in folder.iterdir() if path.is_dir()):
            if (place / EPOCHS).is_file():
                self._epochs[place.name] = read_epochs(place / EPOCHS)
            if (place / SUMMARY).is_file():
                self._summaries[place.name] = read_summary(place / SUMMARY)

    def _check_known(self, name: str) -> None:
        if name not in self._epochs and name not in self._summaries:
            raise ArgumentError(
                "there is no experiment of this name",
                expected="one of " + (", ".join(self.experiments) or "(none was logged yet)"),
                found=repr(name),
                mend="look at tracker.experiments",
            )

    @staticmethod
    def _check_name(name: str) -> None:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise ArgumentError(
                "this cannot name an experiment",
                expected="up to 100 letters, digits and . _ + -, not starting with a dot",
                found=repr(name)[:120],
                mend="write softmax_lr_0.01, for instance; it becomes the name of a folder",
            )


def _named(values: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(values, Mapping):
        raise ArgumentError(
            f"the {name} have no names" if name == "metrics" else f"the {name} has no names",
            expected="a dict of values by name",
            found=repr(values)[:80],
            mend='write {"val_loss": 0.4}',
        )
    return values


def _check_keepable(key: str, value: Any) -> None:
    try:
        json.dumps(value)
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"{key!r} cannot be kept in a file",
            expected="numbers, texts, arrays, and lists or dicts of these",
            found=str(error)[:200],
            mend="call .item() on a Tensor of one number, and .data on a larger one",
        ) from error


def _metric(key: str, value: Any) -> float | int:
    number = plain(value)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise ArgumentError(
            f"the metric {key!r} is not a number",
            expected="a float or a whole number",
            found=repr(value)[:80],
            mend="hand over the mean over the epoch; call .item() on a Tensor",
        )
    return number
