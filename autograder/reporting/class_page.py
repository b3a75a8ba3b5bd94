"""The page on a class for its instructor, in one file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from autograder.catalog import Lab
from autograder.grading.graded import GRADED
from autograder.reporting.class_figures import (
    STATES,
    failed_checks,
    flags_to_see,
    named_mistakes,
    order,
    other_flags,
    points_of,
    shares,
    spread,
    tiles,
    waiting,
)
from autograder.reporting.class_report import ClassReport, read_class
from autograder.reporting.html import TEMPLATES
from autograder.reporting.results import number, results_file, write_whole

# Bars of the two histograms, and how many checks and mistakes are listed.
_BINS = 10
_BONUS_BINS = 5
_LISTED = 12


def write_report(lab: Lab, folder: Path, *, anonymous: bool = False) -> Path:
    """Write `results/<lab>.html`, a page on the whole class that needs no other file.

    Parameters
    ----------
    lab : Lab
        The lab.
    folder : Path
        The course folder, after `grade_course` or `nbgrader autograde`.
    anonymous : bool
        Write `results/<lab>-anonymous.html` instead, which has nobody's name or id.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    GradlabError
        If there is no gradebook, it cannot be read, or nobody has been graded in the lab.
    """
    text = class_page(read_class(lab, folder), anonymous=anonymous)
    name = f"{lab.name}-anonymous" if anonymous else lab.name
    target = results_file(folder, name).with_suffix(".html")
    # The name of a folder may be no text at all.
    write_whole(target, text.encode("utf-8", "backslashreplace"))
    return target


def class_page(report: ClassReport, *, anonymous: bool = False) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    report : ClassReport
        The class.
    anonymous : bool
        Leave out everything that is about one student.
    """
    graded = [one for one in report.students if one.status == GRADED and one.grades]
    bonus = [points_of(one, report.cells, bonus=True) for one in graded]
    plain = [points_of(one, report.cells, bonus=False) for one in graded]
    max_score = sum(cell.points for cell in report.cells if not cell.bonus)
    max_bonus = sum(cell.points for cell in report.cells if cell.bonus)
    return _template().render(
        title=report.lab.title,
        lab=report.lab.name,
        anonymous=anonymous,
        tiles=tiles(report.students),
        graded=len(graded),
        scores=spread(plain, max_score, _BINS),
        bonus=spread(bonus, max_bonus, _BONUS_BINS) if max_bonus else None,
        late=sum(bool(one.grades and one.grades.penalty) for one in graded),
        exercises=[shares(cell, graded) for cell in report.cells],
        checks=failed_checks(graded),
        mistakes=named_mistakes(report.lab, graded),
        listed=_LISTED,
        flags=flags_to_see(report.students, names=not anonymous),
        others=other_flags(report.students),
        waiting=waiting(graded, names=not anonymous),
        cells=[] if anonymous else report.cells,
        students=[] if anonymous else sorted(report.students, key=order),
    )


@cache
def _template() -> Template:
    home = TEMPLATES / "gradlab"
    environment = Environment(
        # Unlike in nbconvert's templates all text is escaped unless the template says otherwise.
        autoescape=True,
        loader=FileSystemLoader(home),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = number
    environment.globals["states"] = STATES
    return environment.get_template("class.html.j2")
