"""Save a model, or an interrupted training, in numpy's npz format, and never with pickle."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from course_utils.atomic import replacing
from course_utils.errors import ArgumentError, DataError
from course_utils.npz import read_arrays
from course_utils.paths import as_path

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

    Raises
    ------
    ArgumentError
        Where `model` is no model, or `path` no path.
    DataError
        Where the file cannot be written.
    """
    state = _checked_model(model).state_dict()
    _write(as_path(path), dict(state))


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
        are missing, unexpected, of another shape, or no numbers.
    ArgumentError
        Where `model` is no model, or `path` no path.
    """
    wanted = _checked_model(model).state_dict()
    arrays = read_arrays(as_path(path))
    problems = [f"missing: {name}" for name in wanted if name not in arrays]
    problems += [f"unexpected: {name}" for name in arrays if name not in wanted]
    problems += [
        f"{name}: shape {arrays[name].shape} instead of {np.shape(value)}"
        for name, value in wanted.items()
        if name in arrays and arrays[name].shape != np.shape(value)
    ]
    problems += [
        f"{name}: {array.dtype} instead of numbers"
        for name, array in arrays.items()
        if array.dtype.kind not in "fiub"
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
    arrays = read_arrays(path)
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


def _checked_model(model: Any) -> Any:
    if isinstance(model, type) or not hasattr(model, "state_dict"):
        raise ArgumentError(
            "this is no model whose weights could be kept in a file",
            expected="a model such as nn.Sequential(...), and then the path",
            found=repr(model)[:200],
            mend="make the model first, then save_model(model, path) or load_model(model, path)",
        )
    return model


def _shortened(names: list[str], most: int = 8) -> str:
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
