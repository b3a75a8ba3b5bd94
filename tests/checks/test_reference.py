"""What `reference` remembers, and that nobody can spoil it."""

import numpy as np
import pytest

from autograder.checks import reference
from autograder.checks.reference import MOST_BYTES, MOST_RESULTS
from autograder.errors import GradlabError


class Counted:
    """A reference that counts how often it is computed."""

    def __init__(self, function=lambda *args, **kwargs: [np.ones(2)]):
        self.calls = 0

        def compute(*args, **kwargs):
            self.calls += 1
            return function(*args, **kwargs)

        self.compute = reference(compute)


def test_the_same_arguments_are_computed_once():
    counted = Counted(lambda x, scale=1.0: scale * x)
    x = np.arange(6.0).reshape(2, 3)
    first = counted.compute(x, scale=2.0)
    second = counted.compute(x.copy(), scale=2.0)
    assert counted.calls == 1
    np.testing.assert_array_equal(first, 2 * x)
    np.testing.assert_array_equal(second, first)
    assert (second.dtype, second.shape) == (first.dtype, first.shape)


DIFFERENT = [
    ((1,), (1.0,)),
    ((1,), (True,)),
    ((0.0,), (-0.0,)),
    ((1.0,), (np.float64(1.0),)),
    (([1, 2],), ((1, 2),)),
    (([[1], 2],), ([[1, 2]],)),
    ((1, 2), ((1, 2),)),
    ((np.zeros(6),), (np.zeros((2, 3)),)),
    ((np.zeros((3, 2)),), (np.zeros((2, 3)),)),
    ((np.zeros(2),), (np.zeros(2, dtype=np.int64),)),
    ((np.zeros(2),), (np.zeros(2, dtype=">f8"),)),
    ((np.array([1.0, 2.0]),), (np.array([1.0, np.nextafter(2.0, 3.0)]),)),
    (([np.zeros(1), np.ones(1)],), ([np.ones(1), np.zeros(1)],)),
    (("a", "b"), ("ab", "")),
    ((None,), (0,)),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_arguments_are_computed_anew(one, other):
    counted = Counted()
    counted.compute(*one)
    counted.compute(*other)
    assert counted.calls == 2
    counted.compute(*one)
    counted.compute(*other)
    assert counted.calls == 2


def test_a_keyword_is_not_a_position():
    counted = Counted(lambda a=0, b=0: a - b)
    assert [counted.compute(a=1), counted.compute(b=1), counted.compute(1)] == [1, -1, 1]
    assert counted.calls == 3


def test_a_check_cannot_spoil_a_result():
    counted = Counted(lambda: ([np.zeros(3)], {"a": [1]}))
    for _ in range(3):
        arrays, table = counted.compute()
        assert not arrays[0].any()
        assert table == {"a": [1]}
        arrays[0] += 1
        arrays.append("more")
        table["a"].append(2)
    assert counted.calls == 1


def test_what_the_function_keeps_of_its_result_cannot_spoil_it():
    mine = np.zeros(3)
    counted = Counted(lambda: mine)
    counted.compute()
    mine += 1
    assert not counted.compute().any()


def test_an_argument_that_changes_is_another_one():
    counted = Counted(lambda x: x.sum())
    x = np.zeros(3)
    assert counted.compute(x) == 0
    x += 1
    assert counted.compute(x) == 3


def test_what_is_kept_is_bounded():
    counted = Counted(lambda number: number)
    for number in range(MOST_RESULTS + 1):
        counted.compute(number)
    counted.compute(MOST_RESULTS)
    assert counted.calls == MOST_RESULTS + 1, "the last is kept"
    counted.compute(0)
    assert counted.calls == MOST_RESULTS + 2, "the first is gone"
    large = Counted(lambda: np.zeros(MOST_BYTES // 8 + 1))
    large.compute()
    large.compute()
    assert large.calls == 2, "a large one is not kept"


def test_an_error_is_not_remembered():
    counted = Counted(lambda x: 1 / x)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            counted.compute(0)
    assert counted.calls == 2


def test_functions_as_arguments_are_passed_on():
    counted = Counted(lambda function: function(2))
    assert counted.compute(lambda x: x + 1) == 3
    assert counted.compute(lambda x: x + 2) == 4


def test_what_is_no_plain_data_is_refused():
    with pytest.raises(GradlabError, match="compute returns what cannot be remembered"):
        Counted(lambda: object()).compute()
