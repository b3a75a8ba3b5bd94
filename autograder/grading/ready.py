"""What is there before the first submission of a lab: imported, compiled, limited."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from nbformat import NotebookNode

from autograder.catalog import Settings
from autograder.grading.match import visible
from autograder.student.resources import Limits

_MIB = 2**20


@dataclass(frozen=True)
class Ready:
    """What every student's process of a lab starts with.

    Attributes
    ----------
    limits : Limits
        What it may use.
    modules : tuple of str
        The modules that the lab's locked cells import.
    cells, asserts : tuple of str
        The text of the lab's locked cells, and of its check cells as students see them.
    """

    limits: Limits = field(default_factory=Limits)
    modules: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    asserts: tuple[str, ...] = ()

    @staticmethod
    def of(notebook: NotebookNode, settings: Settings) -> Ready:
        """Return what is worth having ready for a lab's notebook.

        Only locked cells count: the others may hold solutions.
        """
        limits = Limits(
            memory=settings.memory_mib * _MIB,
            file=settings.file_mib * _MIB,
            disk=settings.disk_mib * _MIB,
            output=settings.output_mib * _MIB,
            processes=settings.processes,
        )
        cells, asserts = [], []
        for cell in notebook.cells:
            kind = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "code" and kind.get("locked"):
                if kind.get("grade"):
                    asserts.append(visible(cell.source))
                else:
                    cells.append(cell.source)
        return Ready(limits, _imported(cells), tuple(cells), tuple(asserts))


def _imported(cells: list[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for source in cells:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                found |= {alias.name: None for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found[node.module] = None
                # What is taken from a package may be a module of it.
                found |= {f"{node.module}.{alias.name}": None for alias in node.names}
    return tuple(found)
