"""What `nbgrader_config.py` puts into stock nbgrader: its settings and its preprocessors.

With it `nbgrader generate_assignment`, `autograde`, `validate` and `generate_feedback`, and the
buttons of the formgrader, work on a lab as `gradlab` does.
"""

from __future__ import annotations

import math
import os
from functools import partial
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.preprocessors import (
    ClearHiddenTests,
    ClearSolutions,
    DeduplicateIds,
    Execute,
    OverwriteCells,
    SaveAutoGrades,
    SaveCells,
)
from traitlets import List, Unicode
from traitlets.log import get_logger

from autograder.authoring.files import IGNORED
from autograder.authoring.refresh import refresh
from autograder.catalog import Course, Settings
from autograder.errors import GradlabError
from autograder.grading.bonus import bonus_verdict
from autograder.names import exercise_of

Resources = dict[str, Any]

# The environment variable that has nbgrader grade in a kernel: see `in_kernel`.
IN_KERNEL = "GRADLAB_IN_KERNEL"
# By name, because every nbgrader command loads this module and only autograde needs those.
REPAIR = "autograder.nbgrader_referee.Repair"
REFEREE = "autograder.nbgrader_referee.RefereeExecute"


class NamedStubs(ClearSolutions):  # type: ignore[misc]
    """Put a stub in the place of each solution that says which task is not written yet."""

    code_stub: dict[str, str]

    def _replace_solution_region(self, cell: NotebookNode, language: str) -> bool:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "this")
        stock = self.code_stub
        said = f'NotImplementedError("{name} is not written yet")'
        self.code_stub = stock | {language: stock[language].replace("NotImplementedError()", said)}
        try:
            return bool(super()._replace_solution_region(cell, language))
        finally:
            self.code_stub = stock


class SaveVerdicts(SaveAutoGrades):  # type: ignore[misc]
    """Save scores as nbgrader does, and those of bonus cells from the verdict in their output.

    A bonus cell's maximum in nbgrader is 0, which keeps it out of the lab's total; nbgrader
    would give it 0. Its points lie in the verdict that the hidden region displays.
    """

    def _add_score(self, cell: NotebookNode, resources: Resources) -> None:
        super()._add_score(cell, resources)
        verdict = bonus_verdict(cell)
        if verdict is None:
            return
        grade_id = cell.metadata["nbgrader"]["grade_id"]
        grade = self.gradebook.find_grade(
            grade_id, self.notebook_id, self.assignment_id, self.student_id
        )
        try:
            # The limit is the lab's own: what a notebook displays is the student's to forge.
            checks = Course.default().lab(self.assignment_id).checks()
            worth = sum(check.points for check in checks[exercise_of(grade_id)])
        except (GradlabError, KeyError) as error:
            self.log.error("No limit is known for the bonus of %s:\n%s", grade_id, error)
            grade.auto_score, grade.needs_manual_grade = None, True
        else:
            grade.auto_score = min(verdict["points"], verdict["max_points"], worth)
        self.gradebook.db.commit()


class PlainFeedback(ClearHiddenTests):  # type: ignore[misc]
    """Keep what is hidden out of the feedback: hidden regions, and tracebacks that quote them."""

    # Said again because the HTML exporter's setting of that name reaches every preprocessor, and
    # nbgrader warns of one that does not take it.
    display_data_priority = List(Unicode()).tag(config=True)

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, cell_index: int
    ) -> tuple[NotebookNode, Resources]:
        """Clear one check cell; all others, students' own text among them, stay as they are."""
        if cell.cell_type != "code" or not utils.is_grade(cell) or utils.is_solution(cell):
            return cell, resources
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        for output in cell.outputs:
            if output.output_type == "error":
                line = f"The checks of this cell stopped with {output.ename} before their end."
                output.evalue, output.traceback = "", [line]
        return cell, resources


def release_preprocessors() -> list[Any]:
    """Return nbgrader's own steps from source to release, ours in place, without the database."""
    return [kind() for kind in _assignment_steps() if kind is not SaveCells]


def configure(config: Any, folder: Path) -> None:
    """Set up nbgrader for a course folder; `nbgrader_config.py` calls this.

    Parameters
    ----------
    config : traitlets.config.Config
        What `get_config()` gives.
    folder : Path
        Where `nbgrader_config.py` lies, copied or linked: the folder with `submitted/`,
        `autograded/` and the gradebook. The labs are its own where it has a `source/`, else
        those of `GRADLAB_ROOT`, else those of the checkout this package lies in.

    Notes
    -----
    `autograde` repairs submissions and judges them by the referee (`autograder.nbgrader_referee`),
    unless `GRADLAB_IN_KERNEL` is set: then it is nbgrader's own.
    """
    course = course_of(folder)
    # The kernels that nbgrader starts find the labs by it.
    os.environ["GRADLAB_ROOT"] = str(course.root)
    # nbgrader copies every file beside a source notebook to students, and our sources hold the
    # solutions; so its source notebooks lie in a folder of their own.
    inside = course.root == folder
    config.CourseDirectory.source_directory = (
        "build/source" if inside else str(course.root / "build" / "source")
    )
    config.CourseDirectory.ignore = list(IGNORED)
    config.GenerateAssignment.preprocessors = _assignment_steps()
    config.GenerateAssignment.pre_convert_hook = refresh_sources
    config.Autograde.autograde_preprocessors = _autograde_steps()
    if not in_kernel():
        config.Autograde.sanitize_preprocessors = _sanitize_steps()
    config.GenerateFeedback.preprocessors = [
        PlainFeedback,
        *GenerateFeedback.preprocessors.default(),
    ]
    try:
        config.Execute.timeout_func = partial(seconds_for, course.settings)
    except GradlabError as problem:
        get_logger().error("nbgrader keeps its own time limits:\n%s", problem)
    refresh_sources(course)


def in_kernel() -> bool:
    """Whether nbgrader is to run submissions, checks and all, in a kernel as it always has.

    Scores of honest work are the same, but hidden checks then run beside the student's code,
    unprotected. What a cell leaves undefined stays so for the cells after it.
    """
    return os.environ.get(IN_KERNEL, "") not in ("", "0")


def course_of(folder: Path) -> Course:
    """Return the course whose labs a course folder grades; see `configure`."""
    own = Course(folder)
    return own if own.lab_names() else Course.default()


def refresh_sources(course: Course | None = None, **_: object) -> None:
    """Bring nbgrader's source notebooks up to date; the errors go to nbgrader's log.

    It runs when the configuration is loaded, since nbgrader looks for notebooks before it calls
    any hook, and again as the hook, since a Jupyter server loads its configuration only once.
    """
    for problem in refresh(course or Course.default()):
        get_logger().error("gradlab cannot build a source notebook:\n%s", problem)


def seconds_for(settings: Settings, cell: NotebookNode) -> int:
    """Return how long nbgrader lets a cell run: explore cells briefly, check cells long."""
    if "explore" in cell.metadata.get("tags", []):
        return math.ceil(settings.explore_seconds)
    # Each check in a check cell has a limit of its own.
    limit = settings.submission_seconds if utils.is_grade(cell) else settings.cell_seconds
    return math.ceil(limit)


def _assignment_steps() -> list[type]:
    stock = GenerateAssignment.preprocessors.default()
    return [NamedStubs if kind is ClearSolutions else kind for kind in stock]


def _sanitize_steps() -> list[Any]:
    replaced: dict[type, Any] = {DeduplicateIds: REPAIR, OverwriteCells: None}
    stock = Autograde.sanitize_preprocessors.default()
    return [step for kind in stock if (step := replaced.get(kind, kind))]


def _autograde_steps() -> list[Any]:
    replaced: dict[type, Any] = {SaveAutoGrades: SaveVerdicts}
    if not in_kernel():
        replaced[Execute] = REFEREE
    stock = Autograde.autograde_preprocessors.default()
    return [replaced.get(kind, kind) for kind in stock]
