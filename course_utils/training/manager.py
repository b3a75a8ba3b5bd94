"""`TrainingManager`: train one model by its configuration, and go on after an interruption."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sized
from typing import Any

from course_utils.errors import ArgumentError
from course_utils.paths import as_path
from course_utils.progress import progress_bar
from course_utils.training.batches import Batch
from course_utils.training.checkpoint import read_checkpoint, write_checkpoint
from course_utils.training.config import TrainingConfig
from course_utils.training.evaluation import evaluate
from course_utils.training.result import DIVERGED, TrainingResult
from course_utils.training.run import Run
from course_utils.training.steps import DivergedError


class TrainingManager:
    """Trains a model as its configuration says.

    Parameters
    ----------
    config : TrainingConfig
    tracker : ExperimentTracker, optional
        Is told each epoch and the summary.
    checkpoint : str or path, optional
        A file that is replaced after each epoch and removed at the end. A training that finds the
        file of an interrupted one with the same settings goes on from there, and gives bit for bit
        what it would have given undisturbed. Without it nothing is written.
    notes : mapping, optional
        Kept in the summary; a checkpoint with other notes is not used. Such as where the data is
        from.

    Raises
    ------
    ArgumentError
        Where `config` is no TrainingConfig, `tracker` no tracker, or `checkpoint` no path.

    Notes
    -----
    The validation set decides on stopping and on the best weights. The test set is met once, when
    everything is decided.

    Examples
    --------
    >>> from course_utils import DataLoader, load_mnist, set_seed
    >>> from course_utils.training import SoftmaxRegression
    >>> set_seed(1)
    >>> x, y, x_test, y_test = load_mnist("digits")
    >>> config = TrainingConfig(num_epochs=3, learning_rate=0.5, experiment_name="softmax")
    >>> result = TrainingManager(config).train(
    ...     SoftmaxRegression(784, 10),
    ...     DataLoader(x[:1200], y[:1200], batch_size=32, shuffle=True),
    ...     DataLoader(x[1200:], y[1200:], batch_size=1000),
    ...     DataLoader(x_test, y_test, batch_size=1000),
    ... )
    >>> result.stopped, len(result.history), result.test.accuracy > 0.85
    ('all epochs', 3, True)
    """

    def __init__(
        self,
        config: TrainingConfig,
        tracker: Any = None,
        *,
        checkpoint: str | os.PathLike[str] | None = None,
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(config, TrainingConfig):
            raise ArgumentError(
                "this is no configuration",
                expected="a TrainingConfig",
                found=repr(config)[:200],
                mend="write TrainingConfig(num_epochs=10), or TrainingConfig.from_dict(settings)",
            )
        self.config = config
        self.tracker = checked_tracker(tracker)
        self.checkpoint = None if checkpoint is None else as_path(checkpoint)
        self.notes = dict(notes or {})

    def train(
        self,
        model: Any,
        train_loader: Iterable[Batch],
        val_loader: Iterable[Batch],
        test_loader: Iterable[Batch] | None = None,
    ) -> TrainingResult:
        """Train `model` in place, and evaluate it.

        Parameters
        ----------
        model : nn.Module
            From a Tensor (batch, features) to logits (batch, classes).
        train_loader, val_loader, test_loader : iterable of (x, y)
            Such as a DataLoader: ndarrays, y as class numbers or one-hot rows. Without a test
            loader there is no test accuracy.

        Returns
        -------
        TrainingResult

        Raises
        ------
        DataError
            Where a loader yields nothing, or the checkpoint is damaged.
        ArgumentError
            Where `model` is no model, or images or labels cannot be learnt from.
        """
        if isinstance(model, type) or not hasattr(model, "parameters"):
            raise ArgumentError(
                "this is no model that could be trained",
                expected="a model such as nn.Sequential(...), with parameters()",
                found=repr(model)[:200],
                mend="make the model first: SoftmaxRegression(784, 10), with the brackets",
            )
        run = Run(self.config, model, train_loader, val_loader)
        self._resume(run)
        if self.tracker is not None:
            self.tracker.clear(self.config.experiment_name)
            for row in run.result.history:
                self._track(row)
        try:
            self._epochs(run)
        except DivergedError as error:
            run.result.stopped = DIVERGED
            run.result.message = str(error)
            print(f"{self.config.experiment_name}: training stops here. {error}", file=sys.stderr)
        return self._finish(run, test_loader)

    def _epochs(self, run: Run) -> None:
        batches = len(run.train_loader) if isinstance(run.train_loader, Sized) else 0
        done = len(run.result.history)
        name = self.config.experiment_name
        with progress_bar(batches * self.config.num_epochs, name, "batch") as bar:
            bar.update(batches * done)
            for epoch in range(done + 1, self.config.num_epochs + 1):
                if run.ended:
                    break
                row = run.epoch(epoch, bar.update)
                bar.set_postfix(
                    epoch=epoch, val_loss=f"{row['val_loss']:.3f}",
                    val_accuracy=f"{row['val_accuracy']:.2%}",
                )  # fmt: skip
                self._track(row)
                if self.checkpoint is not None:
                    write_checkpoint(self.checkpoint, run.saved(self.notes))

    def _resume(self, run: Run) -> None:
        if self.checkpoint is None or not self.checkpoint.is_file():
            return
        saved = read_checkpoint(self.checkpoint)
        settings = {**self.config.to_dict(), **self.notes}
        changed = [name for name in settings if saved.config.get(name) != settings[name]]
        if changed:
            print(
                f"{self.config.experiment_name}: {self.checkpoint} was left by a training with "
                f"another {', '.join(changed)}; this one starts anew.",
                file=sys.stderr,
            )
            return
        run.go_on(saved)

    def _track(self, row: dict[str, float]) -> None:
        if self.tracker is not None:
            metrics = {key: value for key, value in row.items() if key != "epoch"}
            self.tracker.log_epoch(self.config.experiment_name, int(row["epoch"]), metrics)

    def _finish(self, run: Run, test_loader: Iterable[Batch] | None) -> TrainingResult:
        result = run.result
        run.restore_best()
        # Weights that diverged have no accuracy worth reporting.
        if test_loader is not None and (result.stopped != DIVERGED or run.best):
            result.test = evaluate(
                run.model, test_loader, run.loss_fn, classes=self.config.output_size
            )
        if self.tracker is not None:
            summary = {**result.summary(), **self.notes}
            self.tracker.log_summary(self.config.experiment_name, summary)
        if self.checkpoint is not None:
            self.checkpoint.unlink(missing_ok=True)
        return result


def checked_tracker(tracker: Any) -> Any:
    """Return `tracker` if it is one, or None."""
    if tracker is not None and not hasattr(tracker, "log_epoch"):
        raise ArgumentError(
            "this is no tracker",
            expected="an ExperimentTracker, or None",
            found=repr(tracker)[:200],
            mend='write ExperimentTracker("runs") for a folder',
        )
    return tracker
