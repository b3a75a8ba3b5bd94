"""Find out which cell of a submission is which cell of the lab.

Four ways, from certain to likely: nbgrader's grade_id, the cell's id, an unchanged source,
and at last what a cell is about (the names it defines, the question it answers). Then exercises
that are still missing are looked for in the cells of others: students merge cells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache

from nbformat import NotebookNode

from autograder.kept import kept_of_short

# Bounded, since a line of a million letters would be gone through again for each of them.
_DEFINED = re.compile(
    r"^(?:async\s+def|def|class)\s+(\w+)|^(\w{1,100})[ \t]{0,100}=(?!=)", re.MULTILINE
)
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
    merged : dict
        For a named cell that is gone because its text is in the cell of another one: that
        other's name.
    """

    named: dict[str, list[int]] = field(default_factory=dict)
    plain: dict[int, int] = field(default_factory=dict)
    sure: set[str] = field(default_factory=set)
    merged: dict[str, str] = field(default_factory=dict)


def name_of(cell: NotebookNode) -> str | None:
    """Return the cell's grade_id, None if it has none."""
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    return name if isinstance(name, str) and name else None


def is_students(original: NotebookNode) -> bool:
    """Whether the text of a cell of the lab is the student's to write."""
    return bool(original.metadata.nbgrader.get("solution"))


def is_explore(cell: NotebookNode) -> bool:
    """Whether a cell trains or draws, and earns nothing."""
    return "explore" in cell.metadata.get("tags", [])


def visible(source: str) -> str:
    """Return a source as students see it: without hidden regions."""
    return _HIDDEN.sub("", source)


@kept_of_short(512)  # most cells of a class are the same
def trimmed(text: str) -> str:
    """Return a source without blanks at the ends of its lines and around it."""
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))


def same(one: str, other: str) -> bool:
    """Whether two sources are equal but for blanks at the ends of lines and of the cell."""
    return one == other or trimmed(one) == trimmed(other)


def match(cells: Sequence[NotebookNode], lab: Sequence[NotebookNode]) -> Matches:
    """Match the cells of a submission to those of the lab."""
    found = Matches()
    named = {name: cell for cell in lab if (name := name_of(cell))}
    free = dict(enumerate(cells))
    ids = _places([cell.id for cell in cells])
    texts = _places([trimmed(cell.source) for cell in cells])

    def claim(name: str, index: int) -> None:
        found.named.setdefault(name, []).append(index)
        del free[index]

    for index, cell in enumerate(cells):
        if (name := name_of(cell)) in named:
            assert name is not None
            claim(name, index)
            found.sure.add(name)

    def same_id(original: NotebookNode) -> list[int]:
        return [index for index in ids.get(original.id, ()) if index in free]

    def same_source(original: NotebookNode) -> list[int]:
        return [index for index in texts.get(_released(original.source), ()) if index in free]

    for alike in (same_id, same_source):
        for name, original in named.items():
            if name not in found.named:
                for index in alike(original):
                    claim(name, index)

    missing = {name: original for name, original in named.items() if name not in found.named}
    for index, cell in list(free.items()):
        scores = {name: likeness(cell, original) for name, original in missing.items()}
        best = max(scores, key=lambda name: scores[name], default="")
        if best and scores[best] > 0:
            claim(best, index)

    _find_merged(found, free, cells, named)

    for number, original in enumerate(lab):
        if name_of(original):
            continue
        likely = same_id(original) or [
            i for i in same_source(original) if cells[i].cell_type == original.cell_type
        ]
        if likely:
            found.plain[likely[0]] = number
            del free[likely[0]]
    return found


def _places(texts: Sequence[str]) -> dict[str, list[int]]:
    """Return at which places each text stands; those that are empty say nothing."""
    places: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        if text:
            places.setdefault(text, []).append(index)
    return places


@lru_cache(maxsize=1024)
def _released(source: str) -> str:
    """Return a source of the lab, which is the same for each submission, as handed out."""
    return trimmed(visible(source))


def likeness(cell: NotebookNode, original: NotebookNode) -> float:
    """Return how likely a cell is the student's version of `original`: 0 for not at all."""
    if cell.cell_type != original.cell_type or not is_students(original):
        return 0.0
    if cell.cell_type == "code":
        wanted = _defined(original.source)
        return float(bool(wanted) and wanted <= _defined(cell.source))
    question = _question(original.source)
    if not question:
        return 0.0
    theirs = cell.source.strip()[: len(question)]
    first = _alike(theirs.partition("\n")[0], question.partition("\n")[0])
    return first + _alike(theirs, question) if first > 0.9 else 0.0


def _find_merged(
    found: Matches,
    free: dict[int, NotebookNode],
    cells: Sequence[NotebookNode],
    named: Mapping[str, NotebookNode],
) -> None:
    """Look for exercises and answers without a cell in the cells of others.

    Such a cell then is that of the first one in it, so that no check comes before it.
    """
    texts = [trimmed(cell.source) for cell in cells]
    order = list(named)
    for name, original in named.items():
        if name in found.named or not is_students(original):
            continue
        for other in sorted(found.named, key=order.index):
            if _holds(visible(named[other].source), original):
                continue
            claims = found.named[other]
            holders = [index for index in claims if _holds(texts[index], original)]
            if not holders:
                continue
            if is_students(named[other]) and order.index(other) < order.index(name):
                found.merged[name] = other
            else:
                claims.remove(holders[-1])
                found.named[name] = [holders[-1]]
                if not claims:
                    del found.named[other]
                    found.merged[other] = name
            break
        else:
            for index, cell in list(free.items()):
                if cell.cell_type == original.cell_type and _holds(texts[index], original):
                    found.named.setdefault(name, []).append(index)
                    del free[index]


def _holds(text: str, original: NotebookNode) -> bool:
    """Whether a source holds, among other things, the student's version of `original`."""
    if trimmed(original.source) in text:
        return False  # as it was handed out
    if original.cell_type == "code":
        wanted = _defined(original.source)
        return bool(wanted) and wanted <= _defined(text)
    question = _question(original.source)
    return bool(question) and question in text


def _question(source: str) -> str:
    """Return an answer cell as handed out without its last line, where the answer goes."""
    return trimmed(source).rpartition("\n")[0].strip()


def _alike(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one[:500], other[:500])
    return matcher.ratio() if matcher.quick_ratio() > 0.9 else 0.0


def _defined(source: str) -> set[str]:
    return {one or other for one, other in _DEFINED.findall(source)}
