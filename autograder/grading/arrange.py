"""Put the cells of a notebook into the lab's order, and give each an id."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.grading.match import is_students, name_of


@dataclass
class Place:
    """One cell of the notebook being put together, and which cell of the lab it is."""

    cell: NotebookNode
    number: int | None = None


def in_order(places: list[Place], lab: NotebookNode) -> tuple[list[Place], dict[str, Place]]:
    """Take out the fewest named cells so that the others stand in the lab's order.

    A cell of the student's weighs more than a locked one: where a check stands before its
    exercise it is the check that goes.
    """
    named = [p for p in places if p.number is not None and name_of(lab.cells[p.number])]
    best: list[tuple[int, int]] = []  # weight of the best chain that ends here, its predecessor
    for at, place in enumerate(named):
        assert place.number is not None
        weight = 10 if is_students(lab.cells[place.number]) else 1
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


def insert(places: list[Place], fresh: Place, lab: NotebookNode) -> None:
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


def with_ids(cells: list[NotebookNode], lab: NotebookNode) -> list[NotebookNode]:
    """Give every cell an id that is valid, unique, and the same on every run."""
    names = {name: cell.id for cell in lab.cells if (name := name_of(cell))}
    taken = set(names.values())
    for number, cell in enumerate(cells):
        if name := name_of(cell):
            cell.id = names[name]
            continue
        attempt = 0
        while not cell.get("id") or cell.id in taken:
            digest = hashlib.sha256(f"{number + attempt}\n{cell.source}".encode()).hexdigest()
            cell.id = f"extra-{digest[:12]}"
            attempt += len(cells)
        taken.add(cell.id)
    return cells
