"""Run a repaired notebook, and come through whatever it does.

This module is the seam to the student's code: a notebook goes in, the same notebook with
outputs comes out. A cell that runs too long is interrupted. A cell that ends the process, or
does not react to an interrupt, is left out; the earlier cells are run again in a fresh
process, so it costs its own points and no others.
"""

from __future__ import annotations

import os
import tempfile
import time
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

import autograder
from autograder.checks.verdict import MIME
from autograder.grading.kernel import Kernel, Ran
from autograder.grading.outputs import error, line
from autograder.grading.package import LabPackage
from autograder.grading.points import judged

_THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "BLIS")


@dataclass(frozen=True)
class Executed:
    """A notebook with outputs, and what went wrong while it ran."""

    notebook: NotebookNode
    flags: tuple[str, ...]


def execute(notebook: NotebookNode, package: LabPackage) -> Executed:
    """Run every code cell of a repaired notebook. `notebook` is not changed."""
    with (
        tempfile.TemporaryDirectory(prefix="gradlab-", ignore_cleanup_errors=True) as folder,
        Kernel(Path(folder), _environment(package), package.files) as kernel,
    ):
        run = _Run(deepcopy(notebook), package, kernel)
        return run.all_cells()


@dataclass
class _Run:
    """One notebook on its way through a kernel."""

    notebook: NotebookNode
    package: LabPackage
    kernel: Kernel
    flags: list[str] = field(default_factory=list)
    left_out: set[int] = field(default_factory=set)
    end: float = 0.0

    def all_cells(self) -> Executed:
        settings = self.package.settings
        self.end = time.monotonic() + settings.submission_seconds
        cells = [cell for cell in self.notebook.cells if cell.cell_type == "code"]
        for number, cell in enumerate(cells):
            cell.outputs, cell.execution_count = [], None
            if not cell.source.strip():
                continue
            if not self._ready(cells[:number]):
                said = f"the {settings.submission_seconds:g} seconds for a whole notebook are over"
                cell.outputs = [error("NotRun", said)]
                continue
            limit = self._limit(cell)
            ran = self.kernel.run(cell.source, limit)
            cell.execution_count = number + 1
            cell.outputs = self._shown(cell, number, ran, limit)
        if time.monotonic() >= self.end:
            self.flags.append(f"out of time: after {settings.submission_seconds:g} seconds")
        return Executed(self.notebook, tuple(self.flags))

    def _ready(self, earlier: list[NotebookNode]) -> bool:
        """Have a kernel in which the earlier cells have run; False when time is over."""
        while not self.kernel.running and time.monotonic() < self.end:
            self.kernel.start()
            for number, cell in enumerate(earlier):
                if number in self.left_out or _is_check(cell) or not cell.source.strip():
                    continue
                if time.monotonic() >= self.end:
                    return False
                if self.kernel.run(cell.source, self._limit(cell)).ended == "lost":
                    self._leave_out(cell, number)
                    break
        return time.monotonic() < self.end

    def _limit(self, cell: NotebookNode) -> float:
        settings = self.package.settings
        if _is_check(cell):
            own = self.package.check_seconds(cell.metadata.nbgrader.grade_id)
        else:
            own = settings.explore_seconds if _is_explore(cell) else settings.cell_seconds
        return max(0.1, min(own, self.end - time.monotonic()))

    def _leave_out(self, cell: NotebookNode, number: int) -> None:
        self.left_out.add(number)
        self.flags.append(f"process died: {_called(cell, number)}")

    def _shown(self, cell: NotebookNode, number: int, ran: Ran, limit: float) -> list[NotebookNode]:
        """Return the outputs to keep, with a plain line about what was stopped."""
        shown = ran.outputs
        if ran.cut:
            self.flags.append(f"output cut: {_called(cell, number)}")
        if ran.ended == "lost":
            self._leave_out(cell, number)
            said = "the Python process ended, or could not be stopped, while this cell ran"
            shown = [*_without_errors(shown), error("ProcessDied", said)]
        elif ran.ended == "stopped" and _is_explore(cell):
            said = (
                f"Stopped after {limit:g} seconds: explore cells have a short budget while "
                "grading. This costs nothing.\n"
            )
            shown = [*_without_errors(shown), line(said)]
        elif ran.ended == "stopped":
            self.flags.append(f"too long: {_called(cell, number)}")
            said = f"this cell did not finish within {limit:g} seconds and was stopped"
            where = [text for o in shown if o.output_type == "error" for text in o.traceback]
            shown = [*_without_errors(shown), error("TimeLimit", said, where)]
        if _is_check(cell):
            cell.outputs = [_plain_error(output) for output in shown]
            shown = judged(cell)
        return shown


def _plain_error(output: NotebookNode) -> NotebookNode:
    """Reduce an error in a check cell to one line: its traceback would show hidden text."""
    if output.output_type != "error":
        return output
    known = output.ename in ("ProcessDied", "TimeLimit", "NotRun")
    said = output.evalue if known else "this check could not be carried out"
    return error(output.ename, said)


def _without_errors(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return the outputs without errors, and without a verdict that came before the end."""
    return [
        output
        for output in outputs
        if output.output_type != "error" and MIME not in output.get("data", {})
    ]


def _is_check(cell: NotebookNode) -> bool:
    settings = cell.metadata.get("nbgrader", {})
    return bool(settings.get("grade")) and not settings.get("solution")


def _is_explore(cell: NotebookNode) -> bool:
    return "explore" in cell.metadata.get("tags", [])


def _called(cell: NotebookNode, number: int) -> str:
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    return str(name) if name else f"code cell {number + 1}"


def _environment(package: LabPackage) -> dict[str, str]:
    """Return the environment of the student's process: the same on every machine."""
    engine = str(Path(autograder.__file__).resolve().parents[1])
    paths = [engine, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        **{f"{library}_NUM_THREADS": "1" for library in _THREADS},
        "COURSE_DATA": "digits",
        "GRADLAB_ROOT": str(package.root),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "NBGRADER_EXECUTION": "autograde",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(paths),
    }
