"""The rule that code cells are plain Python, which runs in a notebook and outside it alike."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence

from autograder.authoring.cells import (
    BEGIN_SOLUTION,
    END_SOLUTION,
    SourceCell,
    SourceError,
    source_error,
)
from autograder.catalog import Lab

Problems = Iterator[SourceError]

_MAGIC = re.compile(r"\s*([\w., ]+=\s*)?[%!?]|.*\?\s*$")


def code_is_plain_python(lab: Lab, cells: Sequence[SourceCell]) -> Problems:
    """Code compiles as plain Python, with its solutions and with stubs in their place."""
    for cell in cells:
        if cell.kind in ("text", "answer"):
            continue
        if problem := _python_problem(lab, cell, cell.source):
            yield problem
        elif cell.kind == "exercise" and (problem := _python_problem(lab, cell, stub(cell.source))):
            yield source_error(
                lab.source_file,
                cell.line,
                f"without its solution {cell.name!r} is not valid Python",
                expected="code that compiles with `raise NotImplementedError` for the solution",
                found=problem.found,
                mend="indent the marker like the code it stands before, or move it",
            )


def stub(source: str) -> str:
    """Return an exercise with a bare stub for each solution region, as nbgrader cuts them."""
    kept, inside = [], False
    for line in source.split("\n"):
        if BEGIN_SOLUTION in line:
            inside = True
            kept.append(line[: len(line) - len(line.lstrip())] + "raise NotImplementedError")
        elif END_SOLUTION in line:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def _python_problem(lab: Lab, cell: SourceCell, source: str) -> SourceError | None:
    try:
        with warnings.catch_warnings():
            # A wrong escape is a warning that every student would see.
            warnings.simplefilter("error")
            tree = ast.parse(source)
            compile(tree, str(lab.source_file), "exec", dont_inherit=True)
    except (SyntaxError, ValueError, Warning) as error:
        at = (error.lineno if isinstance(error, SyntaxError) else None) or 1
        lines = source.split("\n")
        line = lines[min(at, len(lines)) - 1]
        magic = bool(_MAGIC.match(line))
        return source_error(
            lab.source_file,
            cell.first + at - 1,
            "a magic or shell line" if magic else "not valid Python",
            expected="plain Python: the code also runs outside a notebook"
            if magic
            else "code that compiles",
            found=repr(line) if magic else f"{getattr(error, 'msg', error)}: {line.strip()!r}",
            mend="write it in Python" if magic else "correct the line, or one just before it",
        )
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "get_ipython":
            return source_error(
                lab.source_file,
                cell.first + node.lineno - 1,
                "a magic or shell line",
                expected="plain Python: the code also runs outside a notebook",
                found="get_ipython",
                mend="write it in Python",
            )
    return None
