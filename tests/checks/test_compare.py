"""`close` tells type, shape, dtype and value apart, and never the right numbers."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.checks import CheckFailed, close
from autograder.checks.proxies import Student
from autograder.student.side import StudentSide

RIGHT = np.array([[0.123457, 2.718282, 3.141593], [4.669202, 5.567891, 6.283185]])


def message(actual, expected=RIGHT, **options):
    with pytest.raises(CheckFailed) as caught:
        close(actual, expected, **options)
    return caught.value.seen


def test_equal_up_to_rounding_passes():
    close(RIGHT * (1 + 1e-9), RIGHT)
    close([RIGHT, RIGHT[0]], [RIGHT, RIGHT[0]])
    close(0.5, np.float64(0.5))
    close(np.array([np.nan, 1.0]), np.array([np.nan, 1.0]))


def test_float32_is_accepted_at_float32_precision_only():
    close(RIGHT.astype(np.float32), RIGHT, rtol=1e-12, atol=0.0)
    assert message((RIGHT * 1.001).astype(np.float32))
    assert message(RIGHT * (1 + 1e-5)), "the same error in float64 is an error"


@pytest.mark.parametrize(
    ("actual", "words"),
    [
        (None, "is None: is a return missing"),
        ("text", "is a str, expected an array of shape (2, 3)"),
        (RIGHT.tolist(), "is a list, expected an array"),
        (RIGHT.T, "shape (3, 2), expected shape (2, 3) (it is transposed)"),
        (RIGHT[0], "shape (3,), expected shape (2, 3)"),
        (RIGHT.astype(int), "whole numbers (int64), expected floating-point"),
        (RIGHT > 3, "booleans (bool), expected floating-point"),
        (RIGHT + 0j, "complex numbers"),
        (np.where(RIGHT > 3, np.nan, RIGHT), "holds NaN in 4 of 6 entries"),
        (np.where(RIGHT > 3, np.inf, RIGHT), "holds infinity in 4 of 6 entries"),
        (np.full_like(RIGHT, np.nan), "holds NaN in every entry"),
        (np.zeros_like(RIGHT), "is all zeros"),
        (-RIGHT, "has the opposite sign"),
        (RIGHT * 2, "is 2 times what it should be, everywhere"),
        (RIGHT / 32, "is 0.0312 times"),
        (RIGHT + np.array([[0, 0, 1], [0, 0, 0]]), "wrong in 1 of 6 entries; the first is [0, 2]"),
    ],
)
def test_the_kind_of_difference_is_said(actual, words):
    assert words in message(actual)


def test_a_square_transpose_is_recognised():
    square = np.arange(9.0).reshape(3, 3) ** 1.5
    assert "is transposed" in message(square.T, square)


def test_parts_of_a_list_are_named():
    assert "grads[1] has the opposite sign" in message(
        [RIGHT, -RIGHT], [RIGHT, RIGHT], what="grads"
    )
    assert "grads has 1 parts, expected 2" in message([RIGHT], [RIGHT, RIGHT], what="grads")
    assert "is an array of shape (2, 3), expected a list or tuple" in message(RIGHT, [RIGHT, RIGHT])


def test_an_exact_dtype_can_be_asked_for():
    close(RIGHT.astype(np.float32), RIGHT.astype(np.float32), dtype=np.float32)
    assert "dtype float64, expected float32" in message(RIGHT, dtype=np.float32)


def test_an_object_of_the_student_is_named():
    class Tensor:
        pass

    student = Student(StudentSide({"make": Tensor}))
    assert "is a Tensor object, expected an array" in message(student.make())


def test_the_hint_travels_with_the_failure():
    with pytest.raises(CheckFailed) as caught:
        close(-RIGHT, RIGHT, hint="Look at the sign.")
    assert caught.value.hint == "Look at the sign."


def _numbers(text):
    return [float(n) for n in re.findall(r"-?\d+\.\d+(?:e[+-]?\d+)?", text)]


@given(
    st.lists(st.floats(-5, 5), min_size=6, max_size=6),
    st.sampled_from(["add", "scale", "negate", "transpose", "one", "nan"]),
)
def test_no_message_holds_an_expected_number(noise, how):
    wrong = {
        "add": RIGHT + 0.1 + np.abs(np.reshape(noise, (2, 3))),
        "scale": RIGHT * 1.5,
        "negate": -RIGHT,
        "transpose": RIGHT.T,
        "one": RIGHT + np.eye(2, 3),
        "nan": np.full_like(RIGHT, np.nan),
    }[how]
    for number in _numbers(message(wrong)):
        assert not np.isclose(number, RIGHT, rtol=1e-4).any()
