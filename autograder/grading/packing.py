"""Pack a lab, from its source and its hidden folder, for the workers that grade it."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode

from autograder.authoring.files import files_beside
from autograder.authoring.notebooks import checked_source, source_notebook, write
from autograder.catalog import Lab
from autograder.grading.hidden import checks_in, hidden_text
from autograder.grading.package import GradedCell, LabPackage


def package_lab(lab: Lab) -> LabPackage:
    """Pack a lab for grading, from its source as it is now.

    Raises
    ------
    GradlabError
        If the lab's source or its hidden folder is at fault.
    """
    hidden = hidden_text(lab)
    # Refused here rather than on the machines that grade.
    checks_in(hidden, lab.name)
    cells = []
    source = checked_source(lab)
    for cell in source:
        if cell.kind in ("check", "answer"):
            assert cell.name is not None
            manual = cell.kind == "answer"
            cells.append(GradedCell(cell.name, cell.points, cell.bonus, manual))
    text = write(_recorded(source_notebook(lab, source)))
    home = lab.source_file.parent
    files = tuple((path.as_posix(), (home / path).read_bytes()) for path in files_beside(lab))
    root = lab.course.root.resolve()
    return LabPackage(lab.name, text, tuple(cells), files, hidden, lab.course.settings, root)


def _recorded(notebook: NotebookNode) -> NotebookNode:
    """Return a lab's source notebook as nbgrader records it in the gradebook.

    It is the release before its hidden regions are taken out.
    """
    from nbgrader.preprocessors import ClearHiddenTests

    from autograder.nbgrader_plugin import release_preprocessors

    resources: dict[str, Any] = {}
    for preprocessor in release_preprocessors():
        if isinstance(preprocessor, ClearHiddenTests):
            break
        notebook, resources = preprocessor(notebook, resources)
    return notebook
