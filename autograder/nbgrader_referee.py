"""The two steps that make `nbgrader autograde` grade as `gradlab grade` does.

`autograder.nbgrader_plugin.configure` puts them into nbgrader's lists: `Repair` before
anything looks at a submission, and `RefereeExecute` in the place of nbgrader's `Execute`. An
assignment that is not one of the course's labs passes through them as through nbgrader's own
steps.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import (
    DeduplicateIds,
    Execute,
    NbGraderPreprocessor,
    OverwriteCells,
)
from traitlets import Enum

from autograder.catalog import Course, Lab
from autograder.errors import GradlabError
from autograder.grading.execute import execute
from autograder.grading.graded import NotGradable
from autograder.grading.notebook import read_notebook
from autograder.grading.package import LabPackage
from autograder.grading.packing import package_lab
from autograder.grading.repair import repair
from autograder.grading.sandbox import no_sandbox_warning

Resources = dict[str, Any]

_packages: dict[Path, tuple[object, LabPackage]] = {}
_warned: list[str] = []


class Repair(NbGraderPreprocessor):  # type: ignore[misc]
    """Put a submission back into the lab's form; what was mended goes to nbgrader's log.

    nbgrader's own steps, DeduplicateIds and OverwriteCells, stop the whole batch at a copied
    cell, and lose the points of a deleted one.
    """

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Return the repaired notebook.

        Raises
        ------
        NbGraderException
            If it cannot be graded, or the lab has changed since it was released.
        """
        about = resources["nbgrader"]
        lab = _lab(about["assignment"])
        if lab is None:
            for step in (DeduplicateIds, OverwriteCells):
                nb, resources = step(parent=self.parent)(nb, resources)
            return nb, resources
        package = package_of(lab)
        _same_release(package, about["db_url"])
        try:
            submitted = read_notebook(json.dumps(nb).encode())
        except NotGradable as refusal:
            raise NbGraderException(f"{about['student']}: {refusal.reason}") from None
        repaired = repair(submitted, package.notebook)
        for flag in repaired.flags:
            self.log.warning("%s: %s", about["student"], flag)
        return repaired.notebook, resources


class RefereeExecute(Execute):  # type: ignore[misc]
    """Run a submission in a student's process and judge it from this one."""

    sandbox = Enum(
        ("auto", "bwrap", "none"),
        "auto",
        help="What surrounds students' code; auto takes bubblewrap where it works.",
    ).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: Resources, km: Any = None
    ) -> tuple[NotebookNode, Resources]:
        """Return the notebook with its outputs and verdicts."""
        about = resources["nbgrader"]
        lab = _lab(about["assignment"])
        if lab is None:
            return super().preprocess(nb, resources, km)  # type: ignore[no-any-return]
        if (warning := no_sandbox_warning(self.sandbox)) and not _warned:
            _warned.append(warning)
            self.log.warning(warning)
        executed = execute(nb, package_of(lab), self.sandbox)
        for flag in executed.flags:
            self.log.warning("%s: %s", about["student"], flag)
        return executed.notebook, resources


def package_of(lab: Lab) -> LabPackage:
    """Return a lab's package; it is made anew when one of the files it is made from changes.

    A Jupyter server, whose formgrader calls this, runs for weeks.
    """
    root = lab.course.root.resolve()
    files = sorted(
        path
        for folder in (lab.source_file.parent, lab.hidden_folder, root / "autograder")
        for path in folder.glob("*")
        if path.is_file()
    )
    stamp = [(path, path.stat().st_mtime_ns, path.stat().st_size) for path in files]
    known = _packages.get(lab.source_file)
    if known is None or known[0] != stamp:
        # The lab is read anew: a `Course` keeps the settings it has once read.
        known = stamp, package_lab(Course(root).lab(lab.name))
        _packages[lab.source_file] = known
    return known[1]


def _lab(assignment: str) -> Lab | None:
    course = Course.default()
    return course.lab(assignment) if assignment in course.lab_names() else None


def _same_release(package: LabPackage, url: str) -> None:
    """Refuse to grade where nbgrader knows other graded cells than the lab now has."""
    with Gradebook(url) as gradebook:
        notebook = gradebook.find_notebook(package.lab, package.lab)
        recorded = {cell.name: float(cell.max_score) for cell in notebook.grade_cells}
    declared = {cell.name: 0.0 if cell.bonus else cell.points for cell in package.cells}
    if recorded != declared:
        error = GradlabError(
            f"{package.lab} has changed since it was released",
            expected=_listed(declared),
            found=f"in the gradebook {_listed(recorded)}",
            mend=f"run `nbgrader generate_assignment --force {package.lab}`",
        )
        raise NbGraderException(str(error))


def _listed(cells: dict[str, float]) -> str:
    return ", ".join(f"{name} ({points:g})" for name, points in cells.items())
