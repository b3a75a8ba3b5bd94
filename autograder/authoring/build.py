"""Write a lab's notebooks where they belong, and say which of them are out of date.

Three folders are generated whole: `build/source/<lab>/`, `release/<lab>/` and
`solutions/<lab>/`. The first is nbgrader's and never committed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from nbformat import NotebookNode

from autograder.authoring.files import files_beside, files_in
from autograder.authoring.notebooks import (
    release_notebook,
    solution_notebook,
    source_notebook,
    write,
)
from autograder.catalog import Lab


def build(lab: Lab) -> list[Path]:
    """Bring a lab's three folders up to date.

    Parameters
    ----------
    lab : Lab
        The lab to build.

    Returns
    -------
    list of Path
        The files that were written, and those that were removed because nothing makes them
        any more; empty when all was current.

    Raises
    ------
    GradlabError
        If the source breaks a rule; then no file is touched.
    """
    wanted = _expected(lab)
    return _bring_up_to_date(wanted, _folders(lab))


def build_source(lab: Lab) -> list[Path]:
    """Bring `build/source/<lab>/` alone up to date; see `build`."""
    return _bring_up_to_date(
        _folder_files(lab, lab.source_notebook, source_notebook(lab)),
        [lab.source_notebook.parent],
    )


def stale(lab: Lab) -> list[Path]:
    """Return the generated files that differ from the source, are missing or left over.

    `build/source/<lab>/` counts only where it is there: it is not part of a fresh clone.

    Raises
    ------
    GradlabError
        If the source breaks a rule.
    """
    folders = _folders(lab)
    if not lab.source_notebook.parent.exists():
        folders.remove(lab.source_notebook.parent)
    wanted = {path: data for path, data in _expected(lab).items() if _within(path, folders)}
    return sorted([*_differing(wanted), *_left_over(wanted, folders)])


def _expected(lab: Lab) -> dict[Path, bytes]:
    """Return every generated file of a lab with its content."""
    return {
        **_folder_files(lab, lab.source_notebook, source_notebook(lab)),
        **_folder_files(lab, lab.release_notebook, release_notebook(lab)),
        **_folder_files(lab, lab.solution_notebook, solution_notebook(lab)),
    }


def _folder_files(lab: Lab, path: Path, notebook: NotebookNode) -> dict[Path, bytes]:
    files = {path: write(notebook).encode()}
    for inside in files_beside(lab):
        files[path.parent / inside] = (lab.source_file.parent / inside).read_bytes()
    return files


def _folders(lab: Lab) -> list[Path]:
    notebooks = (lab.source_notebook, lab.release_notebook, lab.solution_notebook)
    return [notebook.parent for notebook in notebooks]


def _within(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _differing(wanted: dict[Path, bytes]) -> list[Path]:
    return [
        path for path, data in wanted.items() if not path.is_file() or path.read_bytes() != data
    ]


def _left_over(wanted: dict[Path, bytes], folders: Iterable[Path]) -> list[Path]:
    there = (folder / inside for folder in folders for inside in files_in(folder))
    return [path for path in there if path not in wanted]


def _bring_up_to_date(wanted: dict[Path, bytes], folders: list[Path]) -> list[Path]:
    touched = _differing(wanted)
    for path in touched:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A reader sees the old file or the new one, never a part of it.
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.write_bytes(wanted[path])
        partial.replace(path)
    for path in _left_over(wanted, folders):
        path.unlink()
        touched.append(path)
    return touched
