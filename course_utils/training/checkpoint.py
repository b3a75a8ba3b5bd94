"""Save a model, or an interrupted training, in numpy's npz format, and never with pickle."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from course_utils.atomic import replacing
from course_utils.errors import DataError

Arrays = dict[str, npt.NDArray[Any]]

FACTS = "facts.json"  # the entry that holds everything that is no array
FORMAT = 1


def save_model(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a model's parameters and buffers to an npz file, whole or not at all.

    Parameters
    ----------
    model : nn.Module
        Anything with ``state_dict()``, a dict of arrays.
    path : str or path
        Taken as it is: no ``.npz`` is added. Missing folders are made.
    """
    _write(Path(path), dict(model.state_dict()))


def load_model(model: Any, path: str | os.PathLike[str]) -> Any:
    """Give a model the parameters and buffers of a file that `save_model` wrote.

    Parameters
    ----------
    model : nn.Module
        Built as the saved one was. Nothing is changed where the file does not fit it.
    path : str or path

    Returns
    -------
    nn.Module
        The same model.

    Raises
    ------
    DataError
        Where the file is missing or damaged, or does not fit the model. It names the entries that
        are missing, unexpected, or of another shape.
    """
    arrays = _read(Path(path))
    wanted = model.state_dict()
    problems = [f"missing: {name}" for name in wanted if name not in arrays]
    problems += [f"unexpected: {name}" for name in arrays if name not in wanted]
    problems += [
        f"{name}: shape {arrays[name].shape} instead of {np.shape(value)}"
        for name, value in wanted.items()
        if name in arrays and arrays[name].shape != np.shape(value)
    ]
    if problems:
        raise DataError(
            f"{path} does not fit this model",
            expected=f"{len(wanted)} arrays: {_shortened(list(wanted))}",
            found=_shortened(problems),
            mend="build the model with the sizes it was saved with",
        )
    model.load_state_dict(arrays)
    return model


@dataclass
class Checkpoint:
    """A training after some epochs: all that is needed to go on as if nothing had happened.

    Attributes
    ----------
    config : dict
        The settings, as `TrainingConfig.to_dict` gives them.
    epoch : int
        Epochs that are done.
    history : list of dict
        One row of metrics for each of them.
    facts : dict
        Early stopping, random state and what else JSON can hold.
    model, optimizer, best : dict of str to ndarray
        `best` holds the weights of the best epoch; empty where none are kept.
    optimizer_facts : dict
        The optimizer's numbers that are no arrays.
    """

    config: dict[str, Any]
    epoch: int
    history: list[dict[str, float]]
    facts: dict[str, Any]
    model: Arrays
    optimizer: Arrays = field(default_factory=dict)
    optimizer_facts: dict[str, Any] = field(default_factory=dict)
    best: Arrays = field(default_factory=dict)

    def optimizer_state(self) -> dict[str, Any]:
        """Return what the optimizer's ``load_state_dict`` takes."""
        return {**self.optimizer, **self.optimizer_facts}


GROUPS = ("model", "optimizer", "best")


def split_state(state: dict[str, Any]) -> tuple[Arrays, dict[str, Any]]:
    """Return the arrays of an optimizer's state, and the rest."""
    arrays = {name: value for name, value in state.items() if isinstance(value, np.ndarray)}
    rest = {name: value for name, value in state.items() if name not in arrays}
    return arrays, rest


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint in place of the one before, whole or not at all."""
    facts = {
        "format": FORMAT,
        "config": checkpoint.config,
        "epoch": checkpoint.epoch,
        "history": checkpoint.history,
        "facts": checkpoint.facts,
        "optimizer_facts": checkpoint.optimizer_facts,
    }
    arrays = {
        f"{group}/{name}": array
        for group in GROUPS
        for name, array in getattr(checkpoint, group).items()
    }
    text = json.dumps(facts).encode("utf-8")
    _write(path, {FACTS: np.frombuffer(text, dtype=np.uint8), **arrays})


def read_checkpoint(path: Path) -> Checkpoint:
    """Read what `write_checkpoint` wrote.

    Raises
    ------
    DataError
        Where the file is missing, damaged, or no checkpoint.
    """
    arrays = _read(path)
    try:
        facts = json.loads(arrays.pop(FACTS).tobytes().decode("utf-8"))
        if facts.pop("format") != FORMAT:
            raise KeyError("format")
        grouped: dict[str, Arrays] = {group: {} for group in GROUPS}
        for name, array in arrays.items():
            group, _, rest = name.partition("/")
            grouped[group][rest] = array
        return Checkpoint(**{**facts, **grouped})
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path} is no checkpoint of this version",
            expected=f"a file that a training wrote, format {FORMAT}",
            found=f"a file without {error}" if isinstance(error, KeyError) else str(error)[:200],
            mend="remove the file, and the training starts anew",
        ) from error


def _write(path: Path, arrays: dict[str, Any]) -> None:
    with replacing(path) as file:
        np.savez(file, allow_pickle=False, **arrays)


def _read(path: Path) -> Arrays:
    try:
        # Opened here, since numpy leaves a file open that turns out to be damaged.
        with path.open("rb") as stream:
            file = np.load(stream, allow_pickle=False)
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise ValueError("one array alone")
            return {name: file[name] for name in file.files}
    except FileNotFoundError as error:
        raise DataError(
            f"{path} is not there",
            expected="an npz file",
            found="no file of this name",
            mend=f"look into {path.absolute().parent}, and give the whole name with its ending",
        ) from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{path} cannot be read",
            expected="an npz file of arrays, without pickled objects",
            found=str(error)[:200] or type(error).__name__,
            mend="the file is damaged or of another kind: save it again",
        ) from error


def _shortened(names: list[str], most: int = 8) -> str:
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
