"""Run a repaired notebook and judge it, and come through whatever it does.

The student's cells run in a process of their own, all of them, and what they show is kept. Then
the hidden checks run here and ask it, exercise by exercise: each finds the names as they were
after its check cell. So no cell can show what a check passes in.

A cell that runs too long is interrupted. A cell that ends the process, or does not react to an
interrupt, is left out; the earlier cells are run again in a fresh process, so it costs its
own points and no others. What an exercise leaves undefined is defined by its stub after its
check cell, so that a later cell that builds on it does not fail with it.
"""

from __future__ import annotations

import atexit
import time
from contextlib import suppress
from dataclasses import dataclass, field

from nbformat import NotebookNode

from autograder.checks.run import run_checks
from autograder.checks.verdict import visible_outcome
from autograder.grading.canonical import copied
from autograder.grading.conversations import Conversations
from autograder.grading.match import is_explore, visible
from autograder.grading.outputs import error, line, received, verdict_outputs, where_it_was
from autograder.grading.package import LabPackage
from autograder.grading.referee import Referee
from autograder.grading.sandbox import Kind, Sandbox, resolve
from autograder.grading.student_process import CellRun, StudentGone, StudentProcess
from autograder.kept import kept_of_short
from autograder.names import exercise_of
from autograder.student.tamper import forbidden

_MIB = 2**20
# Of a submission's time its cells have so much; the rest is for the checks.
_CELLS_SHARE = 0.75
# A process that ends when it shall put its names back has a second try.
_TURNS = 2
# Of what was tampered with, so much is named.
_FLAGS_SHOWN = 8
# Most cells of a class are the same.
_forbidden = kept_of_short(512)(forbidden)
_sandboxes: dict[object, Sandbox] = {}
_conversations = Conversations()


@dataclass(frozen=True)
class Executed:
    """A notebook with outputs, and what went wrong while it ran."""

    notebook: NotebookNode
    flags: tuple[str, ...]


def execute(
    notebook: NotebookNode, package: LabPackage, sandbox: Kind = "auto", nursery: str = ""
) -> Executed:
    """Run every code cell of a repaired notebook. `notebook` is not changed."""
    run = _Run(copied(notebook), package, warm_sandbox(package, sandbox, nursery))
    try:
        return run.all_cells()
    finally:
        run.close()


def warm_sandbox(package: LabPackage, kind: Kind = "auto", nursery: str = "") -> Sandbox:
    """Return this process's sandbox for a lab; it is started once and kept.

    Parameters
    ----------
    package : LabPackage
        The lab.
    kind : {"auto", "bwrap", "none"}
        What surrounds it.
    nursery : str
        The address of a nursery for this lab and kind, if there is one on this machine.
    """
    key = (resolve(kind), package.ready)
    if key not in _sandboxes:
        close_sandboxes()
        _sandboxes[key] = Sandbox(*key, address=nursery)
    return _sandboxes[key]


def close_sandboxes() -> None:
    """End this process's sandboxes."""
    while _sandboxes:
        _sandboxes.popitem()[1].close()


atexit.register(close_sandboxes)


@dataclass
class _Run:
    """One notebook on its way through a student's process."""

    notebook: NotebookNode
    package: LabPackage
    sandbox: Sandbox
    process: StudentProcess | None = None
    flags: list[str] = field(default_factory=list)
    left_out: set[int] = field(default_factory=set)
    # What came of the visible asserts, by the number of the check cell.
    asserts: dict[int, CellRun] = field(default_factory=dict)
    end: float = 0.0

    def __post_init__(self) -> None:
        self.cells = [cell for cell in self.notebook.cells if cell.cell_type == "code"]

    def all_cells(self) -> Executed:
        whole = self.package.settings.submission_seconds
        started = time.monotonic()
        self.end = started + _CELLS_SHARE * whole
        for number, cell in enumerate(self.cells):
            cell.outputs, cell.execution_count = [], None
            if cell.source.strip():
                self._shown_cell(cell, number)
        out_of_time = time.monotonic() >= self.end
        tampering = self._tampering()
        self.end = started + whole
        for number, ran in self.asserts.items():
            self._judge(self.cells[number], number, ran)
        if out_of_time or time.monotonic() >= self.end:
            self.flags.append(f"out of time: after {whole:g} seconds")
        self.flags += tampering
        return Executed(self.notebook, tuple(self.flags))

    def _shown_cell(self, cell: NotebookNode, number: int) -> None:
        """Run a cell, or the asserts of a check cell; keep what it shows."""
        process = self._ready(number)
        if process is None:
            said = "the time that the cells of a notebook have is over"
            cell.outputs = [error("NotRun", said)]
            return
        cell.execution_count = number + 1
        if _is_check(cell):
            self.asserts[number] = self._run_asserts(cell, number, process)
        else:
            cell.outputs = self._run(cell, number, process)

    def _tampering(self) -> list[str]:
        """Return flags for a person to look at. They cost no points."""
        seen: list[str] = []
        for number, cell in enumerate(self.cells):
            if not cell.metadata.get("nbgrader", {}).get("locked"):
                words = _forbidden(cell.source)
                seen += [f"{word} in {_called(cell, number)}" for word in words]
        if self.process is not None and self.process.alive:
            try:
                seen += self.process.tampering()
            except StudentGone:
                seen.append("the process did not answer at the end")
        more = len(seen) - _FLAGS_SHOWN
        flags = [f"tampering: {words}" for words in seen[:_FLAGS_SHOWN]]
        return [*flags, f"tampering: and {more} more"] if more > 0 else flags

    def close(self) -> None:
        """End the student's process."""
        if self.process is not None:
            self.process.end()

    def _ready(self, number: int) -> StudentProcess | None:
        """Return a process in which the cells before one have run; None when time is over."""
        while self.process is None or not self.process.alive:
            if time.monotonic() >= self.end:
                return None
            self.process = self.sandbox.fork()
            for name, content in self.package.files:
                self.process.put_file(name, content)
            for earlier, cell in enumerate(self.cells[:number]):
                try:
                    if _is_check(cell):
                        self._leave_check(cell, earlier, self.process)
                    elif cell.source.strip() and earlier not in self.left_out:
                        self.process.run_cell(cell.source, self._seconds(cell))
                except StudentGone:
                    self._leave_out(cell, earlier)
                    break
        return self.process if time.monotonic() < self.end else None

    def _ready_for_checks(self, number: int) -> StudentProcess | None:
        """Return a process with the names as they were after a check cell."""
        for _ in range(_TURNS):
            process = self._ready(len(self.cells))
            with suppress(StudentGone):
                if process is not None:
                    process.turn_to(number)
                return process
        return None

    def _seconds(self, cell: NotebookNode) -> float:
        settings = self.package.settings
        own = settings.explore_seconds if is_explore(cell) else settings.cell_seconds
        return max(0.1, min(own, self.end - time.monotonic()))

    def _leave_out(self, cell: NotebookNode, number: int) -> None:
        self.left_out.add(number)
        self.flags.append(f"process died: {_called(cell, number)}")

    def _leave_check(self, check: NotebookNode, number: int, process: StudentProcess) -> None:
        """Have the process keep its names for the checks; then the stub defines what is missing."""
        exercise = _exercise(check)
        stub = [] if number in self.left_out else self.package.stubs[exercise]
        process.keep_moment(number, stub, f"<{exercise} as handed out>", self._seconds(check))

    def _run(self, cell: NotebookNode, number: int, process: StudentProcess) -> list[NotebookNode]:
        """Run a cell and return what it shows, with a plain line about what was stopped."""
        seconds = self._seconds(cell)
        try:
            ran = process.run_cell(cell.source, seconds)
        except StudentGone:
            self._leave_out(cell, number)
            said = "the Python process ended, or could not be stopped, while this cell ran"
            return [error("ProcessDied", said)]
        shown = self._shown(ran, _called(cell, number))
        if not ran.stopped:
            return shown
        where = where_it_was(shown)
        shown = [output for output in shown if output.output_type != "error"]
        if is_explore(cell):
            said = (
                f"Stopped after {seconds:g} seconds: explore cells have a short budget while "
                "grading. This costs nothing.\n"
            )
            return [*shown, line(said)]
        self.flags.append(f"too long: {_called(cell, number)}")
        said = f"this cell did not finish within {seconds:g} seconds and was stopped"
        return [*shown, error("TimeLimit", said, where)]

    def _run_asserts(self, check: NotebookNode, number: int, process: StudentProcess) -> CellRun:
        """Run the asserts of a check cell that a student sees."""
        try:
            ran = process.run_visible(visible(check.source), self.package.settings.check_seconds)
        except StudentGone:
            said = "the Python process ended while they ran"
            return CellRun([], False, False, "error", said)
        try:
            self._leave_check(check, number, process)
        except StudentGone:
            self._leave_out(check, number)
        return ran

    def _judge(self, check: NotebookNode, number: int, ran: CellRun) -> None:
        """Run the hidden checks of a check cell; its outputs are what came of all."""
        name = check.metadata.nbgrader.grade_id
        settings = self.package.settings
        shown = [
            output
            for output in self._shown(ran, name)
            if output.output_type in ("stream", "display_data")
        ]
        referee = Referee(lambda: self._ready_for_checks(number), _conversations)
        verdict = run_checks(
            self.package.checks()[_exercise(check)],
            referee,
            lab=self.package.lab,
            seed=settings.seed,
            seconds=settings.check_seconds,
            sources=[one.source for one in self.cells[:number] if not _is_check(one)],
        ).with_visible(visible_outcome(ran.status, ran.seen))
        if referee.died:
            self.flags.append(f"process died: {name}")
        if referee.late:
            self.flags.append(f"too long: {name}")
        if verdict.shortcut:
            self.flags.append(f"shortcut: {verdict.shortcut.seen}")
        for output in shown:
            if output.output_type == "stream":
                # nbgrader takes any line on stderr for a failed test.
                output.name = "stdout"
        bonus = any(graded.name == name and graded.bonus for graded in self.package.cells)
        check.outputs = [*shown, *verdict_outputs(verdict, bonus=bonus)]

    def _shown(self, ran: CellRun, name: str) -> list[NotebookNode]:
        shown, cut = received(ran.outputs, self.package.settings.output_mib * _MIB)
        if cut or ran.cut:
            self.flags.append(f"output cut: {name}")
            shown.append(line("[The rest of this cell's output was cut.]\n"))
        return shown


def _is_check(cell: NotebookNode) -> bool:
    settings = cell.metadata.get("nbgrader", {})
    return bool(settings.get("grade")) and not settings.get("solution")


def _exercise(check: NotebookNode) -> str:
    return exercise_of(str(check.metadata.nbgrader.grade_id))


def _called(cell: NotebookNode, number: int) -> str:
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    kind = "explore" if is_explore(cell) else "code"
    return str(name) if name else f"{kind} cell {number + 1}"
