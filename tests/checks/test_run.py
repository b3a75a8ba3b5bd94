"""Running checks: what each ending is called, and what leaves a check."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograder.checks import check, close, expect, run_checks
from autograder.checks.verdict import MIME, Verdict, visible_outcome
from autograder.errors import GradlabError
from autograder.student.visible import run_visible

ROOT = Path(__file__).parents[2]


@check("double", points=2)
def doubles_a_matrix(student, rng):
    """Each entry is doubled.

    A second paragraph that is for authors.
    """
    x = rng.normal(size=(2, 3))
    close(student.double(x), 2 * x, hint="Think of x + x.")


@check("double", points=1)
def keeps_the_shape(student, rng):
    """The shape stays."""
    x = rng.normal(size=(4, 1))
    expect(np.shape(student.double(x)) == (4, 1), "the shape changed")


@check("double", points=1)
def has_a_bug(student, rng):
    """This check is broken."""
    raise KeyError("secret detail of the check")


CHECKS = [doubles_a_matrix, keeps_the_shape]


def verdict(double, checks=CHECKS, **options):
    return run_checks(checks, {"double": double}, lab="toy", seed=1, **options)


def test_right_answer_earns_everything():
    result = verdict(lambda x: 2 * x)
    assert (result.points, result.max_points) == (3, 3)
    assert [o.status for o in result.outcomes] == ["passed", "passed"]


def test_partial_credit_with_a_reason_and_a_hint():
    result = verdict(lambda x: 3 * x)
    assert result.points == 1
    failed = result.outcomes[0]
    assert (failed.status, failed.earned, failed.hint) == ("failed", 0, "Think of x + x.")
    assert failed.seen == "the result is 1.5 times what it should be, everywhere"


def test_each_way_to_end_has_its_status():
    def stub(x):
        raise NotImplementedError("double is not written yet")

    def crash(x):
        raise ValueError("no")

    def endless(x):
        while True:
            try:
                pass
            except Exception:
                continue

    def leaves(x):
        sys.exit(0)

    assert verdict(stub).outcomes[0].status == "missing"
    assert verdict(stub).outcomes[0].seen == "double is not written yet"
    assert "your code raised ValueError: no" in verdict(crash).outcomes[0].seen
    assert run_checks(CHECKS, {}, lab="toy", seed=1).outcomes[0].status == "missing"
    slow = verdict(endless, seconds=0.2)
    assert slow.outcomes[0].status == "error"
    assert "did not finish within 0.2 seconds" in slow.outcomes[0].seen
    assert "your code raised SystemExit" in verdict(leaves).outcomes[0].seen


def test_a_bug_in_a_check_earns_nothing_and_shows_nothing_of_it():
    outcome = verdict(lambda x: 2 * x, [has_a_bug]).outcomes[0]
    assert (outcome.status, outcome.earned) == ("broken", 0)
    assert "secret" not in outcome.seen


def test_inputs_depend_on_seed_lab_and_check_alone():
    def inputs(seed, checks):
        seen = []

        def spy(x):
            seen.append(x)
            return 2 * x

        run_checks(checks, {"double": spy}, lab="toy", seed=seed)
        return seen

    both, alone = inputs(1, CHECKS), inputs(1, CHECKS[1:])
    assert np.array_equal(both[1], alone[0]), "another check before it changes nothing"
    assert not np.array_equal(inputs(1, CHECKS)[0], inputs(2, CHECKS)[0])


def test_the_global_random_state_is_seeded_for_each_check():
    drawn = []

    def noisy(x):
        drawn.append(np.random.normal())  # noqa: NPY002
        return 2 * x

    verdict(noisy)
    verdict(noisy)
    assert drawn[:2] == drawn[2:]


def test_prints_and_warnings_of_the_student_leave_no_trace():
    # In a process of its own: pytest catches warnings before they reach stderr.
    program = """
import sys, warnings
from tests.checks.test_run import CHECKS, verdict
def loud(x):
    print("out")
    print("err", file=sys.stderr)
    warnings.warn("careful", RuntimeWarning)
    return 2 * x
assert verdict(loud).points == 3
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_the_verdict_survives_json_and_has_no_timings():
    result = verdict(lambda x: 3 * x).with_visible(visible_outcome("passed", ""))
    data = result._repr_mimebundle_()[MIME]
    assert json.loads(json.dumps(data)) == data
    assert "seconds" not in json.dumps(data)
    assert (data["points"], data["max_points"]) == (1, 3)
    assert Verdict.from_json(data).to_html() == result.to_html()


def test_the_table_escapes_what_the_student_wrote():
    def crash(x):
        raise ValueError("<script>alert(1)</script>")

    assert "<script>" not in verdict(crash).to_html()


def test_only_the_first_paragraph_is_for_the_student():
    assert doubles_a_matrix.title == "Each entry is doubled."


@pytest.mark.parametrize(
    ("source", "status", "words"),
    [
        ("assert double(2) == 4", "passed", ""),
        ("assert double(2) == 5, 'twice 2'", "failed", "twice 2"),
        ("x = 1\nassert double(2) == 5", "failed", "this does not hold: assert double(2) == 5"),
        ("assert triple(2)", "missing", "triple"),
        ("assert 1 / 0", "error", "ZeroDivisionError"),
        ("raise SystemExit", "error", "SystemExit"),
    ],
)
def test_visible_asserts_are_reported(source, status, words):
    found, seen = run_visible(source, {"double": lambda x: 2 * x}, 1.0)
    assert found == status
    assert words in seen


def test_a_check_needs_a_docstring_and_points():
    with pytest.raises(GradlabError, match="no docstring"):
        check("x")(lambda student, rng: None)

    def worthless(student, rng):
        """Something."""

    with pytest.raises(GradlabError, match="worth nothing"):
        check("x", points=0)(worthless)
