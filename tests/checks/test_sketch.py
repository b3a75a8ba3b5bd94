"""A sketch is the same for the same values up to rounding, and differs for others."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.checks.sketch import Sketch, sketch
from autograder.student.plain import Ref

RIGHT = np.random.default_rng(0).normal(size=(4, 7))


def alike(one, other):
    ours, theirs = sketch(one), sketch(other)
    assert ours is not None
    assert theirs is not None
    return ours.matches(theirs)


def test_rounding_makes_no_difference():
    assert alike([RIGHT], [RIGHT * (1 + 1e-12) + 1e-15])
    assert alike([RIGHT], [RIGHT.astype(np.float32)])
    assert alike([RIGHT * 1e6, RIGHT * 1e-3], [(RIGHT * 1e6).astype("f4"), RIGHT * 1e-3])


@given(st.integers(0, 10**6), st.sampled_from([(3,), (4, 7), (60, 784)]))
def test_float32_matches_in_any_size(seed, shape):
    values = np.random.default_rng(seed).normal(size=shape)
    assert alike([values], [values.astype(np.float32)])


@pytest.mark.parametrize(
    "other",
    [
        -RIGHT,
        RIGHT * 1.01,
        RIGHT + 0.01,
        RIGHT[::-1],
        RIGHT[:, ::-1],
        np.abs(RIGHT),
        np.where(np.arange(28).reshape(4, 7) == 5, 0.0, RIGHT),
        np.where(np.arange(28).reshape(4, 7) == 5, np.nan, RIGHT),
        RIGHT.ravel(),
        RIGHT.T,
        RIGHT.tolist(),
    ],
)
def test_other_values_or_shapes_are_others(other):
    other = other if isinstance(other, list) else np.array(other)
    assert not alike([RIGHT], [other])


def test_whole_numbers_are_not_floating_ones():
    whole = np.arange(40)
    assert not alike([whole], [whole.astype(float)])
    assert alike([whole], [whole.astype(np.uint8)])


def test_places_of_nan_and_signs_of_infinity_count():
    first, second = RIGHT.copy(), RIGHT.copy()
    first[0, 0], second[1, 0] = np.nan, np.nan
    assert not alike([first], [second])
    first[0, 0], second = np.inf, first.copy()
    second[0, 0] = -np.inf
    assert not alike([first], [second])


def test_order_and_number_of_answers_count():
    assert not alike([RIGHT, RIGHT[0]], [RIGHT[0], RIGHT])
    assert not alike([RIGHT], [RIGHT, None])
    assert not alike([RIGHT, None], [RIGHT, "text"])
    assert alike([(RIGHT, RIGHT)], [[RIGHT, RIGHT]])
    assert alike([RIGHT, Ref(3, "Net")], [RIGHT, Ref(9, "Model")])
    assert alike([{"a": 1, "b": RIGHT}], [{"b": RIGHT, "a": 1}])


@pytest.mark.parametrize(
    "values",
    [
        [],
        [None],
        [np.zeros((5, 5))],
        [np.ones((50, 50))],
        [np.full((4, 4), np.nan)],
        [True],
        [3.5, 2.0],
        [np.eye(3)],
        [10**400],
        ["\ud800", {"\ud800": 1.0}],
    ],
)
def test_values_that_say_little_have_none(values):
    assert sketch(values) is None


def test_ones_and_zeros_in_many_places_say_enough():
    noise = (np.random.default_rng(1).random((20, 20)) < 0.5).astype(float)
    assert alike([noise], [noise])
    assert not alike([noise], [1 - noise])


def test_huge_and_complex_numbers_have_one():
    assert alike([RIGHT + 1j], [RIGHT + 1j])
    assert not alike([RIGHT + 1j], [RIGHT - 1j])
    assert sketch([RIGHT * 1e300, 2**60]) is not None


def test_it_survives_json():
    made = sketch([RIGHT])
    again = Sketch.from_json(json.loads(json.dumps(made.to_json())))
    assert again == made
