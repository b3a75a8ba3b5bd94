"""`WandbTracker`: the same numbers, sent to Weights & Biases too; needs ``pip install wandb``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from course_utils.errors import ArgumentError, CourseUtilsError
from course_utils.paths import as_path
from course_utils.tracking.tracker import ExperimentTracker

MODES = ("online", "offline", "disabled")


class WandbTracker(ExperimentTracker):
    """An `ExperimentTracker` that also sends each epoch and each summary to Weights & Biases.

    Parameters
    ----------
    project : str
        The project's name there.
    folder : str or path
        For this tracker's own files, and for wandb's in ``<folder>/wandb``.
    mode : {"online", "offline", "disabled"}, optional
        Where it is left out, the environment variable ``WANDB_MODE`` decides; without that, runs
        are ``online`` where ``WANDB_API_KEY`` is set and ``offline`` where it is not. Offline runs
        need no account and no network; ``wandb sync`` uploads them later.

    Raises
    ------
    CourseUtilsError
        Where wandb is not installed.
    ArgumentError
        Where the mode is another, or is online without a key; where `folder` is no path.

    Notes
    -----
    The key is read from the environment by wandb itself. There is no argument for it, so that it
    cannot end up in a notebook. Each experiment is a run of its own, from its first epoch to its
    summary; a training that is resumed in a new process makes a second run of the same name.
    """

    def __init__(
        self,
        project: str = "mnist",
        folder: str | os.PathLike[str] = "experiments",
        mode: str | None = None,
    ) -> None:
        self._wandb = _imported()
        self.project = project
        self.mode = _chosen_mode(mode)
        self._runs: dict[str, Any] = {}
        super().__init__(as_path(folder))  # wandb needs one, so None is refused

    def log_epoch(self, name: str, epoch: int, metrics: Mapping[str, Any]) -> None:
        """Keep the metrics of one epoch, and send them."""
        super().log_epoch(name, epoch, metrics)
        self._run(name).log({"epoch": int(epoch), **self._epochs[name][int(epoch)]})

    def log_summary(self, name: str, summary: Mapping[str, Any]) -> None:
        """Keep how an experiment ended, send it, and end its run."""
        super().log_summary(name, summary)
        run = self._run(name)
        kept = self._summaries[name]
        run.config.update(kept.get("config", {}), allow_val_change=True)
        run.summary.update({key: value for key, value in kept.items() if key != "config"})
        self._finish(name)

    def clear(self, name: str) -> None:
        """Forget an experiment here; what was sent stays there, and its run ends."""
        super().clear(name)
        self._finish(name)

    def close(self) -> None:
        """End all runs, also of experiments without a summary."""
        for name in list(self._runs):
            self._finish(name)

    def _run(self, name: str) -> Any:
        if name not in self._runs:
            assert self.folder is not None
            self.folder.mkdir(parents=True, exist_ok=True)
            self._runs[name] = self._wandb.init(
                project=self.project,
                name=name,
                dir=os.fspath(self.folder),
                mode=self.mode,
                reinit="create_new",
                settings=self._wandb.Settings(
                    console="off", silent=True, disable_git=True, disable_code=True
                ),
            )
        return self._runs[name]

    def _finish(self, name: str) -> None:
        run = self._runs.pop(name, None)
        if run is not None:
            run.finish()


def _imported() -> Any:
    try:
        import wandb  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise CourseUtilsError(
            "Weights & Biases is not installed",
            expected="the package wandb",
            found=str(error),
            mend="pip install wandb, or use ExperimentTracker, which needs nothing",
        ) from error
    return wandb


def _chosen_mode(mode: str | None) -> str:
    key = bool(os.environ.get("WANDB_API_KEY"))
    chosen = mode or os.environ.get("WANDB_MODE") or ("online" if key else "offline")
    if chosen not in MODES:
        raise ArgumentError(
            "this is not a mode of Weights & Biases",
            expected=", ".join(map(repr, MODES)),
            found=repr(chosen),
            mend="leave mode out, or correct the environment variable WANDB_MODE",
        )
    if chosen == "online" and not key:
        raise ArgumentError(
            "there is no key to go online with",
            expected="the environment variable WANDB_API_KEY",
            found="no such variable",
            mend="set it outside of the notebook, or use mode='offline', which needs no account",
        )
    return chosen
