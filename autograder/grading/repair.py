"""Put a submission back into the lab's form without losing a word of the student's.

After `repair` every named cell of the lab is there once, with the lab's metadata; what is
locked has the lab's text, hidden calls included; what is the student's has the student's.
Whatever else a student wrote is kept beside it. What was mended is on the record as a flag.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.grading.arrange import Place, in_order, insert, with_ids
from autograder.grading.canonical import copied
from autograder.grading.document import tame
from autograder.grading.match import (
    Matches,
    is_students,
    likeness,
    match,
    name_of,
    same,
    visible,
)

_FIELDS = ("grade", "solution", "locked", "points", "schema_version")


@dataclass(frozen=True)
class Repaired:
    """A notebook in the lab's form, and what was mended."""

    notebook: NotebookNode
    flags: tuple[str, ...]


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
    originals = {name: (number, c) for number, c in enumerate(lab.cells) if (name := name_of(c))}
    flags = [*_format_flags(notebook), *_match_flags(found, originals)]

    places: dict[int, list[Place]] = {}
    for index, number in found.plain.items():
        places[index] = [Place(_untouched(cells[index], lab.cells[number]), number)]
    for name, indices in found.named.items():
        number, original = originals[name]
        chosen = indices[_chosen([cells[index] for index in indices], original)]
        for index in indices:
            cell, kept = cells[index], Place(_not_run(cells[index]))
            if index == chosen:
                flags += _cell_flags(name, cell, original, sure=name in found.sure)
                places[index] = [Place(_restored(cell, original), number)]
                if _is_changed(cell, original) and cell.source.strip():
                    # What a locked cell holds does not count, but may be someone's work.
                    places[index].append(kept)
            elif _is_stub(cell, original) or _is_unchanged(cell, original):
                # A stub that runs after the student's version would undo it; what is locked
                # runs once, as the lab has it.
                places[index] = [kept]
        if len(indices) > 1:
            flags.append(f"copied: {name}")

    all_places = [
        place
        for index, cell in enumerate(cells)
        for place in places.get(index) or [Place(_plain(cell))]
    ]
    line, moved = in_order(all_places, lab)
    flags += [f"moved: {name}" for name in moved]
    for name, (number, original) in originals.items():
        if name in moved:
            insert(line, moved[name], lab)
        elif name not in found.named:
            fresh = copied(original)
            if name in found.merged and is_students(original):
                # A stub would undo what stands in the other cell, and earn an answer nothing.
                said = f"{name} is written in the cell {found.merged[name]}."
                fresh.source = f"# {said}" if original.cell_type == "code" else said
            insert(line, Place(fresh, number), lab)
    result = NotebookNode(
        nbformat=4,
        nbformat_minor=5,
        metadata=copied(lab.metadata),
        cells=with_ids([place.cell for place in line], lab),
    )
    return Repaired(result, tuple(flags))


def _chosen(copies: Sequence[NotebookNode], original: NotebookNode) -> int:
    """Return which of several copies is meant.

    Of a locked cell the first that is unchanged; else the last that the student edited, and
    that still is about the exercise: a copy is also where other code begins.
    """
    numbers = range(len(copies))
    if len(copies) == 1:
        return 0
    if not is_students(original):
        return next((n for n in numbers if _is_unchanged(copies[n], original)), 0)
    edited = [n for n in numbers if not _is_stub(copies[n], original)]
    likely = [n for n in edited if likeness(copies[n], original) > 0]
    return (likely or edited or [0])[-1]


def _is_stub(cell: NotebookNode, original: NotebookNode) -> bool:
    return is_students(original) and same(cell.source, original.source)


def _is_unchanged(cell: NotebookNode, original: NotebookNode) -> bool:
    """Whether a locked cell is as it was handed out, or as it is graded."""
    if is_students(original):
        return False
    return same(cell.source, visible(original.source)) or same(cell.source, original.source)


def _is_changed(cell: NotebookNode, original: NotebookNode) -> bool:
    return not is_students(original) and not _is_unchanged(cell, original)


def _not_run(cell: NotebookNode) -> NotebookNode:
    kept = NotebookNode(cell_type="raw", id="", metadata=NotebookNode(), source=cell.source)
    if cell.get("attachments"):
        kept.attachments = copied(cell.attachments)
    return kept


def _plain(cell: NotebookNode) -> NotebookNode:
    """Return a cell of the student's own: kept, with nothing nbgrader would look at."""
    kept = copied(cell)
    kept.metadata.pop("nbgrader", None)
    return kept


def _untouched(cell: NotebookNode, original: NotebookNode) -> NotebookNode:
    """Return the student's version of an unnamed cell with the lab's tags."""
    kept = _plain(cell)
    kept.metadata = copied(original.metadata)
    return kept


def _restored(cell: NotebookNode, original: NotebookNode) -> NotebookNode:
    """Return a named cell: the lab's metadata, and the student's text where it is theirs."""
    fresh = copied(original)
    if is_students(original):
        fresh.source = cell.source
        if original.cell_type == "markdown" and cell.get("attachments"):
            fresh.attachments = copied(cell.attachments)
    return fresh


def _format_flags(notebook: NotebookNode) -> list[str]:
    about = notebook.metadata
    flags = []
    if not about.format.startswith("4."):
        flags.append(f"format: nbformat {tame(about.format)}")
    if about.encoding:
        flags.append(f"encoding: {about.encoding}")
    if about.language and not about.language.lower().startswith(("python", "ipython")):
        flags.append(f"kernel: {tame(about.kernel or about.language)}")
    return flags


def _match_flags(found: Matches, originals: Mapping[str, tuple[int, NotebookNode]]) -> list[str]:
    if not found.named:
        return ["not this lab: none of its cells was found"]
    settings = {name: originals[name][1].metadata.nbgrader for name in found.named}
    if not any(about.get("grade") or about.get("solution") for about in settings.values()):
        return [f"not this lab: only {', '.join(settings)} was found"]
    flags = [] if found.sure else ["metadata: was lost, the cells were found by their text"]
    flags += [f"merged: {name} is in the cell {other}" for name, other in found.merged.items()]
    gone = [name for name in originals if name not in found.named and name not in found.merged]
    return flags + [f"deleted: {name}" for name in gone]


def _cell_flags(name: str, cell: NotebookNode, original: NotebookNode, *, sure: bool) -> list[str]:
    flags = []
    if _is_changed(cell, original):
        flags.append(f"changed: {name}")
    if cell.cell_type != original.cell_type:
        flags.append(f"cell type: {name} was {cell.cell_type}")
    theirs, ours = cell.metadata.get("nbgrader", {}), original.metadata.nbgrader
    if sure and any(theirs.get(field) != ours.get(field) for field in _FIELDS):
        flags.append(f"metadata: {name}")
    return flags
