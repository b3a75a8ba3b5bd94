"""What an exercise has left undefined, as it was handed out, for the cells after it.

A later class may build on an earlier one. Where the earlier cell stopped, was emptied, or gave
its class another name, the later cell would fail with it. So once an exercise has been judged,
the names it should have defined and has not are defined by its stub. That raises
NotImplementedError when it is used, and not before. What a student has defined stays.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from nbformat import NotebookNode

from autograder.grading.match import is_students, name_of


def stubs_in(cells: Sequence[NotebookNode]) -> dict[str, str]:
    """Return by exercise the code that `code_for_missing` makes of its stub.

    Parameters
    ----------
    cells : sequence of NotebookNode
        Those of a lab, with stubs where solutions go.
    """
    return {
        name: code_for_missing(cell.source, name)
        for cell in cells
        if cell.cell_type == "code" and (name := name_of(cell)) and is_students(cell)
    }


def code_for_missing(stub: str, exercise: str) -> str:
    r"""Return code that carries out those statements of a stub whose names do not exist yet.

    Only functions, classes, imports and plain assignments are carried out, each if none of the
    names it binds is a global. Nothing else of a stub is: to set an attribute or to call
    something could undo what a student has done.

    Parameters
    ----------
    stub : str
        The text of an exercise cell as handed out. What is no plain Python comes to no code.
    exercise : str
        Its name, which tracebacks show in the place of a file.

    Examples
    --------
    >>> names = {"double": "mine"}
    >>> exec(code_for_missing("def double(x): ...\ndef triple(x): ...", "twice"), names)
    >>> names["double"], names["triple"].__code__.co_filename
    ('mine', '<twice as handed out>')
    """
    try:
        body = ast.parse(stub).body
    except SyntaxError:
        return ""
    file = f"<{exercise} as handed out>"
    lines = []
    for statement in body:
        if names := [*_bound(statement)]:
            text = ast.unparse(statement)
            lines.append(f"if globals().keys().isdisjoint({names!r}):")
            lines.append(f"    exec(compile({text!r}, {file!r}, 'exec'))")
    return "\n".join(lines)


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
