"""What a lab's source must keep to, each rule with the line it is broken on and the mend."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence

from autograder.authoring.cells import (
    BEGIN_SOLUTION,
    END_SOLUTION,
    SourceCell,
    SourceError,
    source_error,
)
from autograder.authoring.plain_python import Problems, code_is_plain_python
from autograder.catalog import Lab
from autograder.names import check_of, exercise_of

COLUMNS = 79
# nbgrader acts on these words wherever it meets them; the builder writes the regions itself.
RESERVED = ("HIDDEN TESTS", "MARK SCHEME", "AUTOTEST")

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LONGEST_NAME = 64  # a notebook format's cell id
# A line that is one address cannot be broken.
_ADDRESS = re.compile(r"# (\[[^\]]+\]: )?<?https?://\S+$")

Rule = Callable[[Lab, Sequence[SourceCell]], Problems]


def check_rules(lab: Lab, cells: Sequence[SourceCell]) -> None:
    """Refuse a source that breaks a rule.

    Parameters
    ----------
    lab : Lab
        Its `lab.toml` and `checks.py` are compared with the source.
    cells : sequence of SourceCell
        What `read_source` gave.

    Raises
    ------
    SourceError
        Naming every broken rule with file, line and mend, in the order of the rules.
    """
    problems = [problem for rule in RULES for problem in rule(lab, cells)]
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise SourceError("\n".join(str(problem) for problem in problems))


def lines_are_short(lab: Lab, cells: Sequence[SourceCell]) -> Problems:
    """No line over 79 columns: a cell fits a slide and half a screen."""
    text = lab.source_file.read_text(encoding="utf-8-sig")
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > COLUMNS and not _ADDRESS.match(line):
            yield source_error(
                lab.source_file,
                number,
                "line too long",
                expected=f"at most {COLUMNS} columns",
                found=f"{len(line)} columns",
                mend="break the line",
            )


def names_are_good(lab: Lab, cells: Sequence[SourceCell]) -> Problems:
    """Names are there where they are needed, well formed, and used once."""
    first: dict[str, int] = {}
    for cell in cells:
        if cell.name is None:
            if cell.kind not in ("text", "explore"):
                yield source_error(
                    lab.source_file,
                    cell.line,
                    f"a cell of kind {cell.kind!r} without a name",
                    expected='a header option like name="setup"',
                    found="no name",
                    mend="give the cell a name; nbgrader keeps track of it by the name",
                )
            continue
        if not _NAME.fullmatch(cell.name) or len(cell.name) > _LONGEST_NAME:
            yield source_error(
                lab.source_file,
                cell.line,
                f"the name {cell.name!r} cannot be used",
                expected="small letters, digits and underscores, a letter first, "
                f"at most {_LONGEST_NAME}",
                found=cell.name,
                mend="rename the cell",
            )
        if first.setdefault(cell.name, cell.line) != cell.line:
            yield source_error(
                lab.source_file,
                cell.line,
                f"the name {cell.name!r} is used twice",
                expected="every name once",
                found=f"the same name in line {first[cell.name]}",
                mend="rename one of the two cells",
            )


def checks_and_exercises_match(lab: Lab, cells: Sequence[SourceCell]) -> Problems:
    """Each exercise has a check cell after it, and hidden checks belong to an exercise."""
    exercises = {cell.name: cell.line for cell in cells if cell.kind == "exercise"}
    checked = {cell.name for cell in cells if cell.kind == "check"}
    for cell in cells:
        if cell.kind == "check" and cell.name is not None:
            exercise = exercise_of(cell.name)
            misnamed = cell.name != check_of(exercise)
            if misnamed or exercises.get(exercise, cell.line) >= cell.line:
                later = exercises.get(exercise)
                before = _listed(x for x, at in exercises.items() if at < cell.line)
                yield source_error(
                    lab.source_file,
                    cell.line,
                    f"the check {cell.name!r} has no exercise before it",
                    expected=f'a check named "{check_of("<exercise>")}" after its exercise; '
                    f"before it stand: {before}",
                    found=f"its exercise in line {later}" if later else "no such exercise",
                    mend="correct the name, or move the check below its exercise",
                )
        if cell.kind == "exercise" and cell.name and check_of(cell.name) not in checked:
            yield source_error(
                lab.source_file,
                cell.line,
                f"the exercise {cell.name!r} has no check",
                expected=f'a later cell with tags=["check"] name="{check_of(cell.name)}"',
                found="no such cell",
                mend="write the check cell, or make this a given cell",
            )
    for exercise, checks in lab.checks().items():
        if exercise not in exercises:
            code = checks[0].function.__code__
            yield source_error(
                lab.hidden_folder / "checks.py",
                code.co_firstlineno,
                f"the hidden check {checks[0].name!r} is for an unknown exercise {exercise!r}",
                expected=f"one of {_listed(exercises)}",
                found=exercise,
                mend="correct the name in its @check line, or write the exercise",
            )


def points_add_up(lab: Lab, cells: Sequence[SourceCell]) -> Problems:
    """Points of cells, of hidden checks and of `lab.toml` agree."""
    hidden = lab.checks()
    for cell in cells:
        if cell.kind not in ("check", "answer"):
            continue
        if not (cell.points > 0 and math.isfinite(cell.points)):
            yield source_error(
                lab.source_file,
                cell.line,
                f"a cell of kind {cell.kind!r} that is worth nothing",
                expected="a header option like points=3, above 0",
                found=f"{cell.points:g}",
                mend="say what the cell is worth",
            )
        elif cell.kind == "check" and cell.name is not None:
            checks = hidden.get(exercise_of(cell.name), [])
            worth = sum(check.points for check in checks)
            if not math.isclose(worth, cell.points):
                parts = [f"{check.name} {check.points:g}" for check in checks]
                yield source_error(
                    lab.source_file,
                    cell.line,
                    f"the points of {cell.name!r} are not those of its hidden checks",
                    expected=f"checks in checks.py worth {cell.points:g} together",
                    found=f"{worth:g}: {_listed(parts)}",
                    mend="change the points here or in checks.py",
                )
    for bonus, declared in ((False, lab.points), (True, lab.bonus)):
        scored = [cell for cell in cells if cell.points and cell.bonus == bonus]
        total = sum(cell.points for cell in scored)
        if not math.isclose(total, declared, abs_tol=1e-9):
            word = "bonus" if bonus else "points"
            yield source_error(
                lab.source_file,
                scored[-1].line if scored else 1,
                f"the {'bonus ' if bonus else ''}points of the cells do not add up",
                expected=f"{declared:g}, as `{word}` in {lab.hidden_folder / 'lab.toml'} says",
                found=f"{total:g}: {_listed(f'{cell.name} {cell.points:g}' for cell in scored)}",
                mend=f"change the cells, or `{word}` in lab.toml",
            )


def markers_are_in_order(lab: Lab, cells: Sequence[SourceCell]) -> Problems:
    """Solution markers stand in pairs in exercises and answers, and nowhere else."""
    for cell in cells:
        opened = None
        regions = 0
        for number, line in cell.lines():
            if word := next((word for word in RESERVED if word in line), None):
                yield source_error(
                    lab.source_file,
                    number,
                    f"the words {word!r} are kept for nbgrader",
                    expected="hidden checks in checks.py; the builder writes their region",
                    found=repr(line),
                    mend="move what is hidden to checks.py, or use other words",
                )
            if "BEGIN SOLUTION" not in line and "END SOLUTION" not in line:
                continue
            wanted = END_SOLUTION if opened else BEGIN_SOLUTION
            if cell.kind not in ("exercise", "answer"):
                what, wanted = "a solution marker in a cell of kind " + repr(cell.kind), "no marker"
                mend = "mark the cell as an exercise or an answer, or remove the marker"
            elif line.strip() != wanted:
                what, mend = "solution markers out of order", "write markers in pairs, on own lines"
            else:
                opened = None if opened else number
                regions += 1
                continue
            yield source_error(
                lab.source_file, number, what, expected=wanted, found=line.strip(), mend=mend
            )
            break
        else:
            if cell.kind in ("exercise", "answer") and (opened or not regions):
                yield source_error(
                    lab.source_file,
                    opened or cell.line,
                    f"a solution of {cell.name!r} is not marked to its end"
                    if opened
                    else f"no solution is marked in {cell.name!r}",
                    expected=f"{BEGIN_SOLUTION} ... {END_SOLUTION}",
                    found=f"no {END_SOLUTION if opened else BEGIN_SOLUTION} after this line",
                    mend="put the marker where it belongs",
                )


def check_cells_can_be_quoted(lab: Lab, cells: Sequence[SourceCell]) -> Problems:
    """Check cells show something, and can be put between triple single quotes."""
    for cell in cells:
        if cell.kind != "check":
            continue
        for number, line in cell.lines():
            if "'''" in line:
                yield source_error(
                    lab.source_file,
                    number,
                    "triple single quotes in a check cell",
                    expected="no ''' : the builder puts the visible asserts between them",
                    found=repr(line),
                    mend='write """ instead',
                )
        if all(line.strip() == "" or line.lstrip()[0] == "#" for _, line in cell.lines()):
            yield source_error(
                lab.source_file,
                cell.line,
                f"the check {cell.name!r} shows nothing to the student",
                expected="at least one readable assert",
                found="no code",
                mend="write an assert that says what the function must do",
            )


RULES: tuple[Rule, ...] = (
    lines_are_short,
    names_are_good,
    checks_and_exercises_match,
    points_add_up,
    markers_are_in_order,
    code_is_plain_python,
    check_cells_can_be_quoted,
)


def _listed(names: Iterable[object]) -> str:
    return ", ".join(map(str, names)) or "(none)"
