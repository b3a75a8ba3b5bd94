"""Put a submission back into the lab's form without losing a word of the student's.

After `repair` every named cell of the lab is there once, with the lab's metadata; what is
locked has the lab's text, hidden calls included; what is the student's has the student's.
Everything that was mended is on the record as a flag.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from autograder.grading.match import Matches, match, name_of, same, visible

_FIELDS = ("grade", "solution", "locked", "points", "schema_version")


@dataclass(frozen=True)
class Repaired:
    """A notebook in the lab's form, and what was mended."""

    notebook: NotebookNode
    flags: tuple[str, ...]


@dataclass
class _Place:
    """One cell of the notebook being put together, and which cell of the lab it is."""

    cell: NotebookNode
    number: int | None = None


def repair(notebook: NotebookNode, lab: NotebookNode) -> Repaired:
    """Align a submission with its lab.

    Parameters
    ----------
    notebook : NotebookNode
        What `read_notebook` returned. It is not changed.
    lab : NotebookNode
        The lab as it is graded: stubs where solutions go, hidden calls in the check cells,
        nbgrader's metadata with checksums.
    """
    cells = list(notebook.cells)
    found = match(cells, lab.cells)
    flags = _format_flags(notebook)
    if not found.named:
        flags.append("not this lab: none of its cells was found")
    numbers = {name: number for number, cell in enumerate(lab.cells) if (name := name_of(cell))}
    if found.named and not found.sure:
        flags.append("metadata: was lost, the cells were found by their text")

    places = [_Place(_plain(cell)) for cell in cells]
    for index, number in found.plain.items():
        places[index] = _Place(_untouched(cells[index], lab.cells[number]), number)
    for name, indices in found.named.items():
        original = lab.cells[numbers[name]]
        chosen = _chosen([cells[index] for index in indices], original)
        for position, index in enumerate(indices):
            if position == chosen:
                flags += _cell_flags(name, cells[index], original, sure=name in found.sure)
                places[index] = _Place(_restored(cells[index], original), numbers[name])
            elif _is_stub(cells[index], original):
                # Run after the student's version it would undo it.
                places[index] = _Place(_not_run(cells[index]))
        if len(indices) > 1:
            flags.append(f"copied: {name}")

    places, moved = _in_order(places, lab, found)
    flags += [f"moved: {name}" for name in moved]
    gone = [name for name in numbers if name not in found.named]
    if found.named:
        flags += [f"deleted: {name}" for name in gone]
    for name in [*moved, *gone]:
        fresh = moved.get(name) or _Place(deepcopy(lab.cells[numbers[name]]), numbers[name])
        _insert(places, fresh, lab)
    result = new_notebook(cells=_with_ids([place.cell for place in places], lab))
    result.metadata = deepcopy(lab.metadata)
    return Repaired(result, tuple(flags))


def _chosen(copies: Sequence[NotebookNode], original: NotebookNode) -> int:
    """Return which of several copies is meant: the last one that the student edited."""
    if not original.metadata.nbgrader.get("solution"):
        return 0
    edited = [number for number, cell in enumerate(copies) if not _is_stub(cell, original)]
    return edited[-1] if edited else 0


def _is_stub(cell: NotebookNode, original: NotebookNode) -> bool:
    return bool(original.metadata.nbgrader.get("solution")) and same(cell.source, original.source)


def _not_run(cell: NotebookNode) -> NotebookNode:
    return NotebookNode(cell_type="raw", id="", metadata=NotebookNode(), source=cell.source)


def _plain(cell: NotebookNode) -> NotebookNode:
    """Return a cell of the student's own: kept, with nothing nbgrader would look at."""
    kept = deepcopy(cell)
    kept.metadata.pop("nbgrader", None)
    return kept


def _untouched(cell: NotebookNode, original: NotebookNode) -> NotebookNode:
    """Return the student's version of an unnamed cell with the lab's tags."""
    kept = _plain(cell)
    kept.metadata = deepcopy(original.metadata)
    return kept


def _restored(cell: NotebookNode, original: NotebookNode) -> NotebookNode:
    """Return a named cell: the lab's metadata, and the student's text where it is theirs."""
    fresh = deepcopy(original)
    if original.metadata.nbgrader.get("solution"):
        fresh.source = cell.source
        if original.cell_type == "markdown" and cell.get("attachments"):
            fresh.attachments = deepcopy(cell.attachments)
    return fresh


def _format_flags(notebook: NotebookNode) -> list[str]:
    flags = []
    written, language = notebook.metadata.format, notebook.metadata.language
    if not written.startswith("4."):
        flags.append(f"format: nbformat {written}")
    if language and not language.lower().startswith(("python", "ipython")):
        flags.append(f"kernel: {notebook.metadata.kernel or language}")
    return flags


def _cell_flags(name: str, cell: NotebookNode, original: NotebookNode, *, sure: bool) -> list[str]:
    flags = []
    locked = not original.metadata.nbgrader.get("solution")
    released = visible(original.source)
    if locked and not (same(cell.source, released) or same(cell.source, original.source)):
        flags.append(f"changed: {name}")
    if cell.cell_type != original.cell_type:
        flags.append(f"cell type: {name} was {cell.cell_type}")
    theirs, ours = cell.metadata.get("nbgrader", {}), original.metadata.nbgrader
    if sure and any(theirs.get(field) != ours.get(field) for field in _FIELDS):
        flags.append(f"metadata: {name}")
    return flags


def _in_order(
    places: list[_Place], lab: NotebookNode, found: Matches
) -> tuple[list[_Place], dict[str, _Place]]:
    """Take out the fewest named cells so that the others stand in the lab's order.

    A cell of the student's weighs more than a locked one: where a check stands before its
    exercise it is the check that goes.
    """
    named = [p for p in places if p.number is not None and name_of(lab.cells[p.number])]
    best: list[tuple[int, int]] = []  # weight of the best chain that ends here, its predecessor
    for at, place in enumerate(named):
        assert place.number is not None
        weight = 10 if lab.cells[place.number].metadata.nbgrader.get("solution") else 1
        before = [(best[k][0], k) for k in range(at) if (named[k].number or 0) < place.number]
        best.append((weight + max(before)[0], max(before)[1]) if before else (weight, -1))
    keep: set[int] = set()
    at = max(range(len(named)), key=lambda k: best[k][0], default=-1)
    while at >= 0:
        keep.add(at)
        at = best[at][1]
    out = {id(place): place for k, place in enumerate(named) if k not in keep}
    moved = sorted(out.values(), key=lambda place: place.number or 0)
    left = [place for place in places if id(place) not in out]
    return left, {str(name_of(lab.cells[place.number or 0])): place for place in moved}


def _insert(places: list[_Place], fresh: _Place, lab: NotebookNode) -> None:
    """Put a named cell where it belongs: behind the cells that stand before it in the lab."""
    assert fresh.number is not None
    at, limit = 0, len(places)
    for position, place in enumerate(places):
        if place.number is None:
            continue
        if place.number < fresh.number and position < limit:
            at = position + 1
        elif place.number > fresh.number and name_of(lab.cells[place.number]):
            limit = min(limit, position)
    settings = fresh.cell.metadata.nbgrader
    if settings.get("grade") and not settings.get("solution"):
        # A check comes behind the student's helper cells that follow its exercise.
        while at < limit and places[at].number is None and places[at].cell.cell_type == "code":
            at += 1
    places.insert(at, fresh)


def _with_ids(cells: list[NotebookNode], lab: NotebookNode) -> list[NotebookNode]:
    """Give every cell an id that is valid, unique, and the same on every run."""
    names = {name: cell.id for cell in lab.cells if (name := name_of(cell))}
    taken = set(names.values())
    for number, cell in enumerate(cells):
        if name := name_of(cell):
            cell.id = names[name]
            continue
        if not cell.get("id") or cell.id in taken:
            digest = hashlib.sha256(f"{number}\n{cell.source}".encode()).hexdigest()
            cell.id = f"extra-{digest[:12]}"
        taken.add(cell.id)
    return cells
