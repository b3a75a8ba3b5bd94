"""Find out which cell of a submission is which cell of the lab.

Four ways, from certain to likely: nbgrader's grade_id, the cell's id, an unchanged source,
and at last what a cell is about (the names it defines, the question it answers).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from nbformat import NotebookNode

_DEFINED = re.compile(r"^(?:async\s+def|def|class)\s+(\w+)|^(\w+)\s*=", re.MULTILINE)
_HIDDEN = re.compile(
    r"^[^\n]*BEGIN HIDDEN TESTS[^\n]*\n.*?END HIDDEN TESTS[^\n]*(?:\n|\Z)",
    re.MULTILINE | re.DOTALL,
)


@dataclass
class Matches:
    """Which cells of a submission are which cells of the lab.

    Attributes
    ----------
    named : dict
        For each named cell of the lab the indices of the submission's cells that claim to be
        it, in their order; more than one if a cell was copied.
    plain : dict
        For a cell of the submission the index of the unnamed cell of the lab it is.
    sure : set of str
        The names that were found by nbgrader's own metadata.
    """

    named: dict[str, list[int]] = field(default_factory=dict)
    plain: dict[int, int] = field(default_factory=dict)
    sure: set[str] = field(default_factory=set)


def name_of(cell: NotebookNode) -> str | None:
    """Return the cell's grade_id, None if it has none."""
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    return name if isinstance(name, str) and name else None


def visible(source: str) -> str:
    """Return a source as students see it: without hidden regions."""
    return _HIDDEN.sub("", source)


def same(one: str, other: str) -> bool:
    """Whether two sources are equal but for blanks at the ends of lines and of the cell."""
    return _trimmed(one) == _trimmed(other)


def match(cells: Sequence[NotebookNode], lab: Sequence[NotebookNode]) -> Matches:
    """Match the cells of a submission to those of the lab."""
    found = Matches()
    named = {name: cell for cell in lab if (name := name_of(cell))}
    free = dict(enumerate(cells))

    def claim(name: str, indices: list[int]) -> None:
        if indices:
            found.named.setdefault(name, []).extend(indices)
            for index in indices:
                free.pop(index, None)

    for index, cell in enumerate(cells):
        if (name := name_of(cell)) in named:
            assert name is not None
            claim(name, [index])
            found.sure.add(name)

    tests: list[Callable[[NotebookNode, NotebookNode], bool]] = [_same_id, _same_source, _alike]
    for test in tests:
        for name, original in named.items():
            if name not in found.named:
                claim(name, [index for index, cell in free.items() if test(cell, original)])

    for number, original in enumerate(lab):
        if name_of(original):
            continue
        for index, cell in free.items():
            if _same_id(cell, original) or _same_source(cell, original):
                found.plain[index] = number
                del free[index]
                break
    return found


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))


def _same_id(cell: NotebookNode, original: NotebookNode) -> bool:
    return bool(cell.id) and cell.id == original.id


def _same_source(cell: NotebookNode, original: NotebookNode) -> bool:
    return bool(cell.source.strip()) and same(cell.source, visible(original.source))


def _alike(cell: NotebookNode, original: NotebookNode) -> bool:
    """Whether a cell without any mark is likely to be the student's version of `original`."""
    if cell.cell_type != original.cell_type:
        return False
    if cell.cell_type == "code":
        if not original.metadata.nbgrader.get("solution"):
            return False
        wanted = _defined(original.source)
        return bool(wanted) and wanted <= _defined(cell.source)
    return (
        SequenceMatcher(None, _first_line(cell.source), _first_line(original.source)).ratio() > 0.9
    )


def _defined(source: str) -> set[str]:
    return {one or other for one, other in _DEFINED.findall(source)}


def _first_line(text: str) -> str:
    return text.strip().split("\n")[0]
