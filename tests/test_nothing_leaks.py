"""The hidden half of a lab is nowhere a student can look.

Feedback pages and logs of a graded class are looked at in tests/reporting and
tests/grading.
"""

import ast
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.authoring.source import read_source
from autograder.catalog import Course
from autograder.proving.load import load_faults

ROOT = Path(__file__).parents[1]
COURSE = Course(ROOT)
LABS = [lab.name for lab in COURSE.labs()]
MARKERS = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN", "END HIDDEN", "autograder")


def hidden_sentences(lab):
    """Return what the hidden folder says in words: titles, hints, names of checks and faults."""
    told = set()
    for checks in lab.checks().values():
        for check in checks:
            told |= {check.name, check.title}
    for variation in load_faults(lab):
        told |= {variation.fault.name, variation.fault.says}
    # Short names are names of the exercise's own things.
    told = {t for t in told if len(t.split()) >= 4 or t.count("_") >= 2} - set(lab.checks())
    shown = visible_half(lab)
    for node in ast.walk(ast.parse((lab.hidden_folder / "checks.py").read_text())):
        # A reference may carry the docstring that the notebook gives the function.
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and len(value.split()) >= 4 and value not in shown:
            told.add(value)
    return told


def visible_half(lab):
    """Return what the source shows to students."""
    lines, solving = [], False
    for cell in read_source(lab.source_file):
        for line in cell.source.splitlines():
            if "BEGIN SOLUTION" in line or "END SOLUTION" in line:
                solving = "BEGIN SOLUTION" in line
            elif not solving:
                lines.append(line)
    return "\n".join(lines)


def solution_lines(lab):
    """Return the lines between solution markers that nothing a student may see repeats."""
    inside, outside, solving = set(), set(), False
    for cell in read_source(lab.source_file):
        for line in cell.source.splitlines():
            if "BEGIN SOLUTION" in line or "END SOLUTION" in line:
                solving = "BEGIN SOLUTION" in line
            elif len(line.strip()) > 12:
                (inside if solving else outside).add(line.strip())
    return inside - outside


def text_of(path):
    return "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)


@pytest.mark.parametrize("name", LABS)
def test_the_release_holds_no_solution_and_no_hidden_check(name):
    lab = COURSE.lab(name)
    secrets = solution_lines(lab)
    assert len(secrets) > 10, "found too few solution lines: the test looks at the wrong thing"
    assert len(hidden_sentences(lab)) > 50
    for path in sorted(lab.release_notebook.parent.rglob("*")):
        raw = path.read_text(encoding="utf-8", errors="replace")
        text = text_of(path) if path.suffix == ".ipynb" else raw
        assert not [marker for marker in MARKERS if marker in raw]
        lines = {line.strip() for line in text.splitlines()}
        assert not secrets & lines
        assert not [told for told in hidden_sentences(lab) if told in text]


@pytest.mark.parametrize("name", LABS)
def test_the_worked_notebook_holds_no_hidden_check(name):
    lab = COURSE.lab(name)
    raw = lab.solution_notebook.read_text(encoding="utf-8")
    assert not [marker for marker in MARKERS if marker in raw]
    assert not [told for told in hidden_sentences(lab) if told in text_of(lab.solution_notebook)]


def test_nothing_but_notebooks_and_their_pictures_is_released():
    allowed = {".ipynb", ".png", ".svg", ".csv", ".npz", ".json"}
    files = [p for p in (ROOT / "release").rglob("*") if p.is_file()]
    assert {path.suffix for path in files} <= allowed


def test_the_library_knows_nothing_of_the_engine():
    for path in (ROOT / "course_utils").rglob("*.py"):
        assert "autograder" not in path.read_text(encoding="utf-8"), path


def test_a_source_distribution_holds_the_library_alone(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)],
        check=True, cwd=ROOT, capture_output=True,
    )  # fmt: skip
    listed = subprocess.run(
        ["tar", "tzf", str(next(tmp_path.glob("*.tar.gz")))],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    tops = {line.split("/")[1] for line in listed}
    assert "course_utils" in tops
    assert not tops & {"source", "autograder", "solutions", "release", "tests", "docs"}


def test_the_leak_test_sees_a_leak(tmp_path):
    lab = COURSE.lab(LABS[0])
    assert solution_lines(lab) & {
        line.strip() for line in text_of(lab.solution_notebook).splitlines()
    }, "the worked notebook holds solution lines, so the search must find them there"
