"""The points of a check cell are those of its verdict, and never more."""

from nbformat.v4 import new_code_cell, new_output

from autograder.checks.verdict import MIME, Outcome, Verdict
from autograder.grading.outputs import error
from autograder.grading.points import automatic_points, judged


def check_cell(*outputs, points=4):
    nbgrader = {"grade": True, "solution": False, "grade_id": "x_check", "points": points}
    return new_code_cell("x", metadata={"nbgrader": nbgrader}, outputs=list(outputs))


def verdict(earned, points=4.0):
    outcome = Outcome("n", "title", points, earned, "passed" if earned == points else "failed")
    return new_output("display_data", {MIME: Verdict("toy", "x", (outcome,)).to_json()})


def result(text):
    return new_output("execute_result", {"text/plain": text})


def points_of(cell, limit=4.0):
    cell.outputs = judged(cell)
    return automatic_points(cell, limit)


def test_points_are_read_from_the_result_that_the_verdict_confirms():
    assert points_of(check_cell(verdict(3.0), result("3.0"))) == 3


def test_a_warning_on_stderr_costs_nothing():
    warning = new_output("stream", name="stderr", text="UserWarning")
    assert points_of(check_cell(warning, verdict(3.0), result("3.0"))) == 3


def test_no_output_is_no_points_where_nbgrader_would_give_all():
    assert points_of(check_cell()) == 0
    assert points_of(check_cell(verdict(4.0))) == 0
    assert points_of(check_cell(result("4.0"))) == 0


def test_a_result_that_is_not_the_verdicts_earns_nothing():
    for forged in ("4.0", "nan", "-1", "'all'", "1000"):
        assert points_of(check_cell(verdict(0.0), result(forged))) == 0
    assert points_of(check_cell(result("4.0"), verdict(0.0), result("0.0"))) == 0
    assert points_of(check_cell(verdict(9.0, 9.0), result("9.0"))) == 0


def test_an_error_costs_the_cell():
    assert points_of(check_cell(verdict(4.0), error("E", "x"), result("4.0"))) == 0
    assert points_of(check_cell(verdict(4.0), result("4.0"), error("E", "x"))) == 0


def test_bonus_points_come_from_the_verdict_and_are_bounded_by_the_lab():
    assert points_of(check_cell(verdict(2.0, 2.0), points=0), limit=2.0) == 2
    assert points_of(check_cell(verdict(9.0, 9.0), points=0), limit=2.0) == 2
    assert points_of(check_cell(points=0), limit=2.0) == 0
