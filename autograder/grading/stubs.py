"""What an exercise has left undefined, as it was handed out, for the cells after it.

A later class may build on an earlier one. Where the earlier cell stopped, was emptied, or gave
its class another name, the later cell would fail with it. So after the check cell of an exercise
the names it should have defined and has not are defined by its stub. That raises
NotImplementedError when it is used, and not before. What a student has defined stays.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from nbformat import NotebookNode

from autograder.grading.match import is_students, name_of

# The names that a statement binds, and its text.
Definition = tuple[list[str], str]


def stubs_in(cells: Sequence[NotebookNode]) -> dict[str, list[Definition]]:
    """Return by exercise the `definitions` of its stub.

    Parameters
    ----------
    cells : sequence of NotebookNode
        Those of a lab, with stubs where solutions go.
    """
    return {
        name: definitions(cell.source)
        for cell in cells
        if cell.cell_type == "code" and (name := name_of(cell)) and is_students(cell)
    }


def definitions(stub: str) -> list[Definition]:
    r"""Return those statements of a stub that define names.

    They are functions, classes, imports and plain assignments. `student.missing` carries out
    those of whose names none exists. Nothing else of a stub is carried out: to set an attribute
    or to call something could undo what a student has done.

    Parameters
    ----------
    stub : str
        The text of an exercise cell as handed out. What is no plain Python defines nothing.

    Examples
    --------
    >>> definitions("double = triple = None\nLIMIT = 2\nprint(LIMIT)")
    [(['LIMIT'], 'LIMIT = 2')]
    """
    try:
        body = ast.parse(stub).body
    except SyntaxError:
        return []
    return [(names, ast.unparse(one)) for one in body if (names := [*_bound(one)])]


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds; none if it is not one that may be carried out."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            named = [alias for alias in aliases if alias.name != "*"]
            yield from (alias.asname or alias.name.partition(".")[0] for alias in named)
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            yield name
