"""Reading and writing the files of a tracker, with errors that name the file."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from course_utils.atomic import write_text
from course_utils.errors import DataError


def plain(value: Any) -> Any:
    """Return numpy's numbers and arrays, tuples and paths as what JSON can hold.

    Examples
    --------
    >>> plain({"matrix": np.eye(2, dtype=int), "accuracy": np.float64(0.5)})
    {'matrix': [[1, 0], [0, 1]], 'accuracy': 0.5}
    """
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return value


def write_epochs(path: Path, rows: dict[int, dict[str, Any]]) -> None:
    """Write metrics by epoch as CSV. Numbers keep all their digits."""
    columns = list(dict.fromkeys(key for row in rows.values() for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, ["epoch", *columns], restval="", lineterminator="\n")
    writer.writeheader()
    for epoch in sorted(rows):
        writer.writerow({"epoch": epoch, **rows[epoch]})
    write_text(path, text.getvalue())


def read_epochs(path: Path) -> dict[int, dict[str, Any]]:
    """Read what `write_epochs` wrote.

    Raises
    ------
    DataError
        Where the file is damaged.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {
                int(row.pop("epoch")): {
                    key: _number(value) for key, value in row.items() if value != ""
                }
                for row in csv.DictReader(file, strict=True)
            }
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise _damaged(path, "a CSV table with the column epoch and numbers", error) from error


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a summary as JSON."""
    write_text(path, json.dumps(value, indent=1) + "\n")


def read_summary(path: Path) -> dict[str, Any]:
    """Read what `write_json` wrote.

    Raises
    ------
    DataError
        Where the file is damaged.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(value, dict):
            raise TypeError(f"a {type(value).__name__}")
    except (TypeError, ValueError) as error:
        raise _damaged(path, "a JSON object", error) from error
    return value


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _damaged(path: Path, expected: str, error: Exception) -> DataError:
    return DataError(
        f"{path} is damaged",
        expected=expected,
        found=str(error)[:200] or type(error).__name__,
        mend="mend the file, or remove its folder; the other experiments are not touched",
    )
