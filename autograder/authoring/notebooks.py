"""Make a lab's three notebooks: nbgrader's source, the student's release, the solution.

The release is made by nbgrader's own preprocessors, so it is byte for byte what
`nbgrader generate_assignment` writes.
"""

from __future__ import annotations

import copy
import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.authoring.cells import BEGIN_SOLUTION, END_SOLUTION, MARKDOWN, SourceCell
from autograder.authoring.rules import check_rules
from autograder.authoring.source import read_source
from autograder.catalog import Lab
from autograder.names import exercise_of

CHECK = """\
### BEGIN HIDDEN TESTS
import autograder.checks.cell as _gradlab
_gradlab.grade("{lab}", "{exercise}", globals(), r'''
### END HIDDEN TESTS
{visible}
### BEGIN HIDDEN TESTS
'''{bonus})
### END HIDDEN TESTS"""


def source_notebook(lab: Lab, cells: Sequence[SourceCell] | None = None) -> NotebookNode:
    """Return the notebook nbgrader starts from, with solutions and hidden regions.

    Parameters
    ----------
    lab : Lab
        The lab.
    cells : sequence of SourceCell, optional
        What `checked_source` returned for it; read now where they are not given.

    Raises
    ------
    SourceError
        If the source cannot be read or breaks a rule.
    """
    return _source_notebook(lab, checked_source(lab) if cells is None else cells)


def release_notebook(lab: Lab) -> NotebookNode:
    """Return the student's notebook: no solutions, nothing hidden, cells locked."""
    # nbgrader takes two seconds to import, and reading a source needs nothing of it.
    from autograder.nbgrader_plugin import release_preprocessors

    notebook = source_notebook(lab)
    resources: dict[str, Any] = {}
    for preprocessor in release_preprocessors():
        notebook, resources = preprocessor(notebook, resources)
    return _valid(notebook)


def solution_notebook(lab: Lab) -> NotebookNode:
    """Return the worked notebook: the release with every solution written in.

    It keeps nbgrader's metadata, so it is a submission that earns every point.
    """
    notebook = copy.deepcopy(release_notebook(lab))
    for cell, source in zip(notebook.cells, checked_source(lab), strict=True):
        if source.kind in ("exercise", "answer"):
            cell.source = solution_source(source.source)
    return _valid(notebook)


def checked_source(lab: Lab) -> list[SourceCell]:
    """Read a lab's source and check the rules."""
    cells = read_source(lab.source_file)
    check_rules(lab, cells)
    return cells


def solution_source(text: str) -> str:
    """Return a cell's text without the lines that mark its solution."""
    markers = (BEGIN_SOLUTION, END_SOLUTION)
    return "\n".join(line for line in text.split("\n") if line.strip() not in markers)


def write(notebook: NotebookNode) -> str:
    """Return a notebook as canonical JSON text, as nbconvert writes it."""
    text: str = nbformat.writes(notebook, version=4)
    return text if text.endswith("\n") else text + "\n"


def _source_notebook(lab: Lab, cells: Sequence[SourceCell]) -> NotebookNode:
    seen: Counter[tuple[str, str]] = Counter()
    made = []
    for cell in cells:
        seen[cell.kind, cell.source] += 1
        new = new_markdown_cell if cell.kind in MARKDOWN else new_code_cell
        made.append(
            new(
                _notebook_text(lab, cell),
                id=cell.name or _cell_id(cell, seen[cell.kind, cell.source]),
                metadata=_metadata(cell),
            )
        )
    metadata = {
        "gradlab": {
            "generated_from": f"source/{lab.name}/{lab.name}.py",
            "lab": lab.name,
            "note": "Generated. Edit the source and run `gradlab build`.",
        },
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"file_extension": ".py", "name": "python"},
    }
    return _valid(new_notebook(cells=made, metadata=metadata))


def _notebook_text(lab: Lab, cell: SourceCell) -> str:
    if cell.kind != "check":
        return cell.source
    return CHECK.format(
        lab=lab.name,
        exercise=exercise_of(cell.name or ""),
        visible=cell.source,
        bonus=", bonus=True" if cell.bonus else "",
    )


def _cell_id(cell: SourceCell, occurrence: int) -> str:
    """Return an id for a cell without a name; the hyphen keeps it apart from every name.

    Equal cells are told apart by their order among themselves, so that a new cell further up
    leaves all other ids as they are.
    """
    digest = hashlib.sha256(f"{cell.kind}\n{occurrence}\n{cell.source}".encode()).hexdigest()
    return f"{cell.kind}-{digest[:12]}"


def _metadata(cell: SourceCell) -> dict[str, Any]:
    """Return the cell's metadata: nbgrader's schema 3, and the kind as a tag."""
    if cell.kind == "text":
        return {}
    if cell.kind == "explore":
        return {"tags": ["explore"]}
    graded = cell.kind in ("check", "answer")
    nbgrader: dict[str, Any] = {
        "grade": graded,
        "grade_id": cell.name,
        "locked": cell.kind in ("given", "check"),
        "schema_version": 3,
        "solution": cell.kind in ("exercise", "answer"),
        "task": False,
    }
    if graded:
        # The lab's maximum is counted from these; a bonus comes on top (`SaveVerdicts`).
        points = 0.0 if cell.bonus else cell.points
        nbgrader["points"] = int(points) if points.is_integer() else points
    return {"nbgrader": nbgrader, "tags": [cell.kind]}


def _valid(notebook: NotebookNode) -> NotebookNode:
    nbformat.validate(notebook)
    return notebook
