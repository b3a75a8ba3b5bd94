"""A student whose values are those of a known mistake reads its sentence, and nobody else does."""

import numpy as np
import pytest

from autograder.checks import run_checks
from autograder.checks.heard import Heard
from autograder.checks.mistakes import NOTED, SAME, Mistake, dumps, loads, same, told_once
from autograder.checks.proxies import Student
from autograder.checks.run import _seed
from autograder.checks.sketch import Sketch, sketch
from autograder.checks.verdict import Outcome
from autograder.grading.hidden import checks_in, hidden_text
from autograder.student.side import StudentSide
from tests.toy import toy_course, write

SQUARED = "You squared the input. Multiply it by two."


def recording(*sentences, function=np.square):
    """Return mistakes that give what `function` gives in `doubles_arrays`."""
    x = np.random.default_rng(_seed(0, "toy", "doubles_arrays")).normal(size=(2, 5))
    # What `student.double` itself is, is no value; the call is.
    values = sketch([function(x)])
    return [
        Mistake(f"m{n}", "double", says, {"doubles_arrays": values})
        for n, says in enumerate(sentences)
    ]


@pytest.fixture
def judge(tmp_path):
    def run(function, mistakes):
        lab = toy_course(tmp_path).lab("toy")
        write(lab.hidden_folder / "mistakes.json", dumps(mistakes))
        verdict = run_checks(lab.checks()["double"], {"double": function}, lab="toy", seed=0)
        return {one.name: one for one in verdict.outcomes}

    return run


def test_the_sentence_takes_the_place_of_the_hint(judge):
    outcome = judge(lambda x: x * x, recording(SQUARED))["doubles_arrays"]
    assert (outcome.status, outcome.hint) == ("failed", SQUARED)


def test_float32_and_a_list_of_steps_make_no_difference(judge):
    def by_steps(x):
        return (np.float32(x) ** 2).astype(np.float32)

    assert judge(by_steps, recording(SQUARED))["doubles_arrays"].hint == SQUARED


def test_other_values_keep_their_own_hint(judge):
    outcomes = judge(lambda x: x**3, recording(SQUARED))
    assert outcomes["doubles_arrays"].hint is None
    assert outcomes["doubles_numbers"].hint == "Twice is not squared."


def test_a_right_answer_reads_nothing(judge):
    right = recording("You are right and should not read this.", function=lambda x: 2 * x)
    assert judge(lambda x: 2 * x, right)["doubles_arrays"].hint is None


def test_a_mistake_of_another_exercise_does_not_count(judge):
    (mistake,) = recording(SQUARED)
    moved = Mistake(mistake.name, "triple", mistake.says, mistake.sketches)
    assert judge(lambda x: x * x, [moved])["doubles_arrays"].hint is None


def test_of_two_both_are_given_and_of_three_none(judge):
    two = judge(lambda x: x * x, recording("It is A.", "It is B."))["doubles_arrays"].hint
    assert two == "It is one of two mistakes. Either: It is A. Or: It is B."
    three = recording("It is A.", "It is B.", "It is C.")
    assert judge(lambda x: x * x, three)["doubles_arrays"].hint is None
    alike = recording("It is A.", "It is A.")
    assert judge(lambda x: x * x, alike)["doubles_arrays"].hint == "It is A."


def outcome(name):
    return Outcome(name, "title", 1.0, 0.0, "failed", "seen", "own hint")


def test_a_sentence_stands_once_and_a_sure_one_decides():
    first, second = Mistake("a", "e", "It is A.", {}), Mistake("b", "e", "It is B.", {})
    found = {"one": (first,), "two": (first, second), "three": ()}
    hints = [one.hint for one in told_once(map(outcome, ("one", "two", "three")), found)]
    assert hints == ["It is A.", SAME, "own hint"]


def test_what_is_recorded_travels_with_the_checks(tmp_path):
    lab = toy_course(tmp_path).lab("toy")
    assert NOTED not in hidden_text(lab)
    text = dumps(recording(SQUARED))
    write(lab.hidden_folder / "mistakes.json", text)
    checks = checks_in(hidden_text(lab), "toy")["double"]
    verdict = run_checks(checks, {"double": lambda x: x * x}, lab="toy", seed=0)
    assert verdict.outcomes[1].hint == SQUARED


def test_the_text_can_be_read_again():
    mistakes = recording(SQUARED, "Ein Satz mit ü.")
    text = dumps(mistakes)
    assert loads(text) == tuple(mistakes)
    assert dumps(loads(text)) == text
    assert len(text.splitlines()) == 4
    assert loads(dumps([])) == ()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"mistakes": [{}]}', '{"mistakes": 3}'])
def test_a_text_that_is_broken_names_no_mistake(text):
    assert loads(text) == ()


def test_two_recordings_are_compared_up_to_rounding():
    (mistake,) = recording(SQUARED)
    one = mistake.sketches["doubles_arrays"]
    near = Sketch(one.form, tuple(number + 1e-6 for number in one.sums))
    far = Sketch(one.form, tuple(number + 1e-3 for number in one.sums))

    def other(values, says=SQUARED, check="doubles_arrays"):
        return [Mistake("m0", "double", says, {check: values})]

    assert same([mistake], other(near))
    assert not same([mistake], other(far))
    assert not same([mistake], other(one, says="It says something else."))
    assert not same([mistake], other(one, check="doubles_numbers"))
    assert not same([mistake], [])


def test_what_is_too_large_is_not_kept():
    """A student's process must not fill the memory of the referee."""
    side = StudentSide({"many": lambda: np.ones(3 * 2**17), "few": lambda: np.ones(3)})
    heard = Heard(side)
    student = Student(heard)
    for count in (1, 2):
        student.many()
        assert len(heard.values) == count
    student.many()
    student.few()
    assert heard.values == []
    heard.request("begin", 1, [])
    assert heard.values == []
    student.few()
    assert len(heard.values) == 1
