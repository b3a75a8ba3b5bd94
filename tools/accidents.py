"""What happens to notebooks on their way: cells deleted, copied, moved, files cut off."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import nbformat

from autograder.authoring.notebooks import write
from autograder.grading.match import is_explore, name_of
from autograder.names import check_of

Notebook = Any


def cell_index(notebook: Notebook, name: str) -> int:
    """Return where the cell of that name stands."""
    for index, cell in enumerate(notebook.cells):
        if name_of(cell) == name:
            return index
    raise LookupError(name)


def as_bytes(notebook: Notebook) -> bytes:
    """Return the file that holds a notebook."""
    return write(nbformat.from_dict(notebook)).encode()


def without_cell(notebook: Notebook, name: str) -> Notebook:
    """Delete a cell."""
    del notebook.cells[cell_index(notebook, name)]
    return notebook


def with_copy(notebook: Notebook, name: str) -> Notebook:
    """Copy a cell, metadata and all."""
    index = cell_index(notebook, name)
    twin = copy.deepcopy(notebook.cells[index])
    twin.id = f"{twin.id}-copy"
    notebook.cells.insert(index, twin)
    return notebook


def without_explore(notebook: Notebook) -> Notebook:
    """Delete the cells that train for pleasure."""
    notebook.cells = [cell for cell in notebook.cells if not is_explore(cell)]
    return notebook


def _without_metadata(notebook: Notebook) -> Notebook:
    for cell in notebook.cells:
        cell.metadata = {}
    return notebook


def _moved(notebook: Notebook, name: str) -> Notebook:
    notebook.cells.append(notebook.cells.pop(cell_index(notebook, name)))
    return notebook


def _without_asserts(notebook: Notebook, name: str) -> Notebook:
    notebook.cells[cell_index(notebook, name)].source = "# it works on my machine"
    return notebook


def _with_notes(notebook: Notebook, name: str) -> Notebook:
    source = "print('trying things out')\nnp.arange(12).reshape(3, 4)"
    note = nbformat.v4.new_code_cell(source, id="notes")
    notebook.cells.insert(cell_index(notebook, name) + 1, note)
    return notebook


# Damage that is mended, and costs nothing: a notebook and an exercise's name.
MENDED: dict[str, Callable[[Notebook, str], Notebook]] = {
    "check deleted": lambda book, name: without_cell(book, check_of(name)),
    "check changed": lambda book, name: _without_asserts(book, check_of(name)),
    "check moved to the end": lambda book, name: _moved(book, check_of(name)),
    "exercise copied": with_copy,
    "metadata lost": lambda book, _: _without_metadata(book),
    "own cell added": _with_notes,
}
# What takes the exercise's points: the cell's new content.
SPOILED = {
    "syntax error": "def broken(:\n    return 1",
    "wrong name": "def my_function(*args):\n    return args",
    "endless loop": "while True:\n    pass",
    "exit": "import sys\nsys.exit()",
}
# Files that are no notebook.
BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "upload cut off": lambda data: data[: len(data) // 2],
    "empty file": lambda data: b"",
    "a page instead of a notebook": lambda data: b"<!DOCTYPE html><title>Jupyter</title>",
    "a notebook of something else": lambda data: json.dumps(
        {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    ).encode(),
}
