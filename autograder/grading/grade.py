"""Grade one submission: a pure function of the lab's package and the submission's bytes."""

from __future__ import annotations

import time
import traceback
from operator import sub

from nbformat import NotebookNode
from nbgrader import utils

from autograder.grading.canonical import as_text
from autograder.grading.execute import execute
from autograder.grading.graded import GRADED, CellScore, Graded, NotGradable
from autograder.grading.notebook import read_notebook
from autograder.grading.package import GradedCell, LabPackage
from autograder.grading.points import automatic_points, verdict_of
from autograder.grading.repair import repair
from autograder.grading.sandbox import Kind
from autograder.names import exercise_of


def grade_submission(
    package: LabPackage, data: bytes, sandbox: Kind = "auto", nursery: str = ""
) -> Graded:
    """Repair, execute and score a submission.

    Nothing in the submission makes it raise: what cannot be graded comes back with a status
    and a reason.

    Parameters
    ----------
    package : LabPackage
        The lab, from `package_lab`.
    data : bytes
        The content of the submitted notebook file.
    sandbox : {"auto", "bwrap", "none"}
        What surrounds the student's code; "auto" takes bubblewrap where it works.
    nursery : str
        The address of a `grading.nursery.Nursery` for this lab, if there is one.
    """
    started = time.perf_counter()
    try:
        graded = _graded(package, data, sandbox, nursery)
    except NotGradable as refusal:
        graded = not_graded(package, refusal.status, refusal.reason)
    except Exception as error:
        graded = not_graded(package, "failed", fault(error))
    seconds = time.perf_counter() - started
    return Graded(**{**vars(graded), "seconds": seconds})


def not_graded(
    package: LabPackage, status: str, reason: str, flags: tuple[str, ...] = ()
) -> Graded:
    """Return the outcome of a submission that was not executed.

    Every cell earns 0, except when grading itself failed: then nothing is known.
    """
    points = None if status == "failed" else 0.0
    scores = tuple(
        CellScore(cell.name, points, cell.points, cell.bonus, cell.manual, answered=False)
        for cell in package.cells
    )
    return Graded(package.lab, status, reason, flags, scores)


def fault(error: BaseException) -> str:
    """Return a sentence about an error of our own, with the place it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "autograder" in frame.filename]
    where = f" ({ours[-1].filename}:{ours[-1].lineno})" if ours else ""
    said = " ".join(str(error).split())[:300]
    return f"The grader itself failed: {type(error).__name__}: {said}{where}."


def _graded(package: LabPackage, data: bytes, sandbox: Kind, nursery: str) -> Graded:
    marks = [time.perf_counter()]
    lab = package.notebook
    repaired = repair(read_notebook(data), lab)
    marks.append(time.perf_counter())
    executed = execute(repaired.notebook, package, sandbox, nursery)
    marks.append(time.perf_counter())
    cells = {
        cell.metadata.nbgrader.grade_id: cell
        for cell in executed.notebook.cells
        if "nbgrader" in cell.metadata
    }
    flags = [*repaired.flags, *executed.flags]
    scores = tuple(_score(cell, cells) for cell in package.cells)
    for score in scores:
        outcomes = score.verdict.outcomes if score.verdict else ()
        flags += [f"broken check: {o.name}" for o in outcomes if o.status == "broken"]
    notebook = as_text(executed.notebook).encode()
    marks.append(time.perf_counter())
    return Graded(
        lab=package.lab,
        status=GRADED,
        flags=tuple(flags),
        scores=scores,
        notebook=notebook,
        timings=dict(zip(("repair", "run", "score"), map(sub, marks[1:], marks), strict=True)),
    )


def _score(graded: GradedCell, cells: dict[str, NotebookNode]) -> CellScore:
    cell = cells[graded.name]
    points = automatic_points(cell, graded.points)
    work = cell if graded.manual else cells.get(exercise_of(graded.name), cell)
    return CellScore(
        name=graded.name,
        points=points,
        max_points=graded.points,
        bonus=graded.bonus,
        manual=graded.manual,
        answered=is_answered(work),
        verdict=None if graded.manual else verdict_of(cell),
    )


def is_answered(cell: NotebookNode) -> bool:
    """Whether a student's cell differs from what was handed out."""
    recorded = cell.metadata.nbgrader.get("checksum")
    return bool(recorded != utils.compute_checksum(cell))
