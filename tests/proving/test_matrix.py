"""The document is the same for the same labs, and a lab renews its own section alone."""

from dataclasses import replace

import pytest

from autograder.checks import Check, Outcome, Verdict
from autograder.proving.matrix import document, exercise_table, lab_section, matrix_path
from autograder.proving.proof import ExerciseProof, Proof, Row
from tests.toy import toy_course


def check(name):
    return Check(name, "double", 2.0, f"The title of {name}.", lambda student, rng: None)


def verdict(visible, *statuses):
    outcomes = [Outcome(f"c{n}", "", 2.0, 0.0, s) for n, s in enumerate(statuses, 1)]
    return Verdict("toy", "double", tuple(outcomes), Outcome("visible", "", 0, 0, visible))


ROWS = (
    Row("stub", "(not written)", verdict("missing", "missing", "missing", "missing")),
    Row("misconception", "m1", verdict("passed", "failed", "failed", "passed"), ("c1",), "A|b."),
    Row("misconception", "m2", verdict("failed", "error", "passed", "broken"), ("c1",), "C."),
    Row("misconception", "m3", None, ("c1",), "D."),
    Row("alternative", "a1", verdict("passed", "passed", "passed", "passed")),
)
EXERCISE = ExerciseProof("double", (check("c1"), check("c2"), check("c3")), ROWS, ("y",), ("c3",))
PROOF = Proof("toy", "A toy lab", (EXERCISE,), ())


def test_the_table_has_a_sign_for_each_check():
    lines = [line.split() for line in exercise_table(EXERCISE).splitlines()]
    assert lines[:3] == [["1", "c1", "(2)"], ["2", "c2", "(2)"], ["3", "c3", "(2)"]]
    assert lines[3] == ["1", "2", "3", "v"]
    assert lines[4] == ["(not", "written)", "-", "-", "-", "-"]
    assert lines[5] == ["m1", "x", "+", ".", "."]
    assert lines[6] == ["m2", "e", ".", "b", "+"]
    assert lines[7] == ["m3", "?", "?", "?", "?"]
    assert len(lines) == 8


def test_a_section_tells_what_students_read_and_what_is_unproved():
    text = lab_section(PROOF)
    assert "1. `c1` (2): The title of c1." in text
    (row,) = [line for line in text.splitlines() if "`m1`" in line]
    assert [part.strip() for part in row.replace("\\|", "/").split("|")] == [
        "", "`m1`", "x", "+", ".", ".", "A/b.", "",
    ]  # fmt: skip
    assert "earn everything: `a1`." in text
    assert "earlier exercises: `y`." in text
    assert "only by the stub: `c3`." in text


@pytest.fixture
def course(tmp_path):
    for name in ("one", "two"):
        toy_course(tmp_path, name=name)
    return toy_course(tmp_path, name="three")


def test_labs_stand_in_the_order_of_the_course(course):
    text = document(course, [replace(PROOF, lab=name) for name in ("two", "one", "three")])
    heads = [line.split(":")[0] for line in text.splitlines() if line.startswith("## ")]
    assert heads == ["## one", "## three", "## two"]


def test_a_lab_renews_its_own_section(course):
    path = matrix_path(course)
    path.parent.mkdir()
    path.write_text(document(course, [replace(PROOF, lab=name) for name in ("one", "two")]))
    before = path.read_text()
    assert document(course, []) == before
    assert document(course, [replace(PROOF, lab="one")]) == before
    after = document(course, [replace(PROOF, lab="one", title="Another title")])
    assert after == before.replace("## one: A toy lab", "## one: Another title")
    assert after != before


def test_a_lab_that_is_gone_leaves_the_document(course):
    path = matrix_path(course)
    path.parent.mkdir()
    path.write_text(document(course, [replace(PROOF, lab=name) for name in ("one", "two")]))
    (course.root / "source" / "two" / "two.py").unlink()
    assert "## one" in document(course, [])
    assert "## two" not in document(course, [])
