"""Each kind of difference is recognised, and none is named where it does not hold."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.checks import CheckFailed, close
from autograder.checks.difference import describe

shapes = st.sampled_from([(3,), (7,), (2, 3), (4, 4), (5, 2), (2, 3, 4), (3, 3, 2), (1, 6), (6, 1)])
seeds = st.integers(0, 10**6)


def numbers(shape, seed):
    """Return numbers of both signs in any order, no two within 5 per cent of each other."""
    rng = np.random.default_rng(seed)
    sizes = rng.permutation(np.geomspace(0.5, 50.0, int(np.prod(shape))))
    return rng.choice([-1.0, 1.0], shape) * sizes.reshape(shape)


def said(values, right):
    wrong = ~np.isclose(values, right, rtol=1e-6, atol=1e-9, equal_nan=True)
    assert wrong.any()
    return describe(values, right, wrong)


@given(shapes, seeds, st.floats(-20, 20).filter(lambda f: abs(f) > 0.01 and abs(f - 1) > 0.01))
def test_a_factor(shape, seed, factor):
    right = numbers(shape, seed)
    expected = f"is {factor:.3g} times what it should be, everywhere"
    if abs(factor + 1) < 1e-3:
        expected = "has the opposite sign"
    assert said(right * factor, right) == expected


@given(shapes, seeds, st.floats(-5, 5).filter(lambda f: abs(f) > 0.01))
def test_a_shift(shape, seed, shift):
    right = numbers(shape, seed)
    side = "large" if shift > 0 else "small"
    assert said(right + shift, right) == f"is too {side} by the same amount everywhere"


@given(shapes, seeds)
def test_zeros_a_constant_nan_and_infinity(shape, seed):
    right = numbers(shape, seed)
    assert said(np.zeros(shape), right) == "is all zeros"
    assert said(np.full(shape, 0.7), right) == "is one and the same number everywhere"
    assert said(np.full(shape, np.nan), right) == "holds NaN in every entry"
    some = right.copy()
    some.flat[1] = np.inf
    assert said(some, right) == f"holds infinity in 1 of {right.size} entries"


@given(st.integers(2, 6), seeds)
def test_a_transpose(size, seed):
    right = numbers((size, size), seed)
    assert said(right.T, right) == "is transposed"
    block = numbers((2, size, size), seed)
    assert "has axes 1 and 2 swapped" in said(block.swapaxes(1, 2), block) or size == 2


@given(shapes.filter(lambda shape: max(shape) > 3), seeds)
def test_a_reversed_axis(shape, seed):
    right = numbers(shape, seed)
    axis = int(np.argmax(shape))
    along = f" along axis {axis}" if len(shape) > 1 else ""
    assert said(np.flip(right, axis), right) == f"is in reverse order{along}"


@given(st.sampled_from([(4, 3), (6, 2), (5, 2, 2)]), seeds)
def test_rows_in_another_order(shape, seed):
    right = numbers(shape, seed)
    order = [1, 2, 0, *range(3, shape[0])]
    assert said(right[order], right) == "holds the right rows in another order"
    if len(shape) == 2:
        assert said(right[order].T, right.T) == "holds the right columns in another order"


@given(st.sampled_from([(7,), (4, 5)]), seeds)
def test_numbers_in_other_places(shape, seed):
    right = numbers(shape, seed)
    values = right.copy()
    values.flat[[0, 2, 6]] = right.flat[[6, 0, 2]]
    assert said(values, right) == "holds the right numbers in other places"


@given(seeds, st.integers(0, 4), st.integers(0, 2))
def test_one_row_or_column(seed, row, column):
    right = numbers((5, 3), seed)
    values = right.copy()
    values[row] += numbers(3, seed + 1) ** 3 + 9
    assert said(values, right) == f"is wrong only in {'the last row' if row == 4 else f'row {row}'}"
    values = right.copy()
    values[:, column] += numbers(5, seed + 1) ** 3 + 9
    name = "the last column" if column == 2 else f"column {column}"
    assert said(values, right) == f"is wrong only in {name}"


def test_one_place_of_another_axis():
    right = numbers((2, 3, 4), 1)
    values = right.copy()
    values[:, 1] += numbers((2, 4), 2) ** 3
    assert said(values, right) == "is wrong only in place 1 of axis 1"
    values = right.copy()
    values[..., -1] += numbers((2, 3), 2) ** 3
    assert said(values, right) == "is wrong only in place -1 of axis 2"


def test_signs():
    right = numbers((4, 3), 5)
    values = np.abs(right)
    count = int((right < 0).sum())
    assert (
        said(values, right) == f"has the right sizes, but the wrong sign in {count} of 12 entries"
    )


def test_a_small_error():
    right = numbers((4, 3), 5)
    noise = 1 + 0.008 * np.random.default_rng(1).uniform(-1, 1, (4, 3))
    assert said(right * noise, right) == "is off by less than 1 per cent, in every entry"


def test_one_part_of_a_list_is_wrong():
    parts = [numbers((2, 3), n) for n in range(3)]
    with pytest.raises(CheckFailed) as caught:
        close([parts[0], -parts[1], parts[2]], parts, what="grads_w")
    assert caught.value.seen == "grads_w[1] has the opposite sign; the others are right"
    with pytest.raises(CheckFailed) as caught:
        close([-part for part in parts], parts, what="grads_w")
    assert caught.value.seen == "grads_w[0] has the opposite sign"
    with pytest.raises(CheckFailed) as caught:
        close([-parts[0]], parts[:1], what="grads_w")
    assert caught.value.seen == "grads_w[0] has the opposite sign"


def holds(words, values, right):
    """Whether what is said of two arrays is so, judged in another way."""
    wrong = ~np.isclose(values, right, rtol=1e-6, atol=1e-9)
    near = {"rtol": 2e-3, "atol": 1e-5}
    if match := re.match(r"is (\S+) times", words):
        return np.allclose(values, float(match[1]) * right, rtol=1e-2, atol=1e-5)
    if "opposite sign" in words:
        return np.allclose(values, -right, **near)
    if "same number" in words:
        return len(np.unique(values)) == 1
    if "all zeros" in words:
        return not values.any()
    if "same amount" in words:
        gaps = (values - right).ravel()
        return np.allclose(gaps, gaps[0], **near) and ("large" in words) == (gaps[0] > 0)
    if words == "is transposed":
        return np.allclose(values, right.T, **near)
    if "swapped" in words:
        one, other = map(int, re.findall(r"\d+", words))
        return np.allclose(values, np.moveaxis(right, [one, other], [other, one]), **near)
    if "reverse" in words:
        axis = int((re.findall(r"\d+", words) or ["0"])[0])
        index = np.arange(right.shape[axis])[::-1]
        return np.allclose(values, np.take(right, index, axis), **near)
    if "rows in another order" in words:
        return all(any(np.allclose(row, other, **near) for other in right) for row in values)
    if "columns in another order" in words:
        return holds("rows in another order", values.T, right.T)
    if "in other places" in words:
        return all(np.isclose(right, value, **near).any() for value in values.ravel())
    if "wrong only in" in words:
        return any(
            len(np.unique(places)) == 1 and right.shape[axis] > 1
            for axis, places in enumerate(np.nonzero(wrong))
        )
    if "wrong sign" in words:
        return np.allclose(values**2, right**2, rtol=1e-2, atol=1e-5)
    if "1 per cent" in words:
        return np.allclose(values, right, rtol=0.011, atol=0)
    if "is wrong in" in words:
        return f"wrong in {wrong.sum()} of" in words or wrong.all()
    return re.match(r"is \S+, which is too (large|small)$", words) is not None


small = st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 1e-4, 1e6])


@settings(max_examples=200)
@given(st.sampled_from([(3,), (2, 2), (2, 3), (3, 3), (2, 2, 2), (1, 3), ()]), st.data())
def test_nothing_is_said_that_does_not_hold(shape, data):
    """Few numbers and few entries, so that all kinds nearly fit."""
    size = int(np.prod(shape))
    lists = st.lists(small, min_size=size, max_size=size)
    right = np.reshape(data.draw(lists), shape)
    values = np.reshape(data.draw(lists), shape)
    near = data.draw(st.sampled_from([0.0, 1e-5, 5e-4, 1e-2]))
    values = data.draw(
        st.sampled_from([values, right + near * values, right * (1 + near * values)])
    )
    if np.isclose(values, right, rtol=1e-6, atol=1e-9).all():
        return
    words = said(values, right)
    assert holds(words, values, right), words


@given(shapes, seeds)
def test_noise_is_not_explained(shape, seed):
    right, values = np.random.default_rng(seed).normal(size=(2, *shape))
    assert said(values, right).startswith("is wrong in every entry")


def test_what_is_nearly_right_is_not_turned_round():
    """Both hold here to a part in a thousand, and the simpler one is said."""
    right = np.array([1.0, 2.0, 3.0, 2.0, 1.0])
    assert said(right * np.array([1.0005, 1, 1, 1, 1]), right).startswith("is off by less")


def test_too_few_numbers_have_no_kind():
    assert said(np.array(3.0), np.array(2.0)) == "is 3, which is too large"
    assert said(np.array([2.0, 3.0]), np.array([1.0, 2.0])).startswith("is wrong in every entry")
    assert said(np.array([2.0, 4.0]), np.array([1.0, 2.0])).startswith("is wrong in every entry")
