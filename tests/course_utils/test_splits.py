"""The three parts of a data set: their sizes, their rows, and nothing in two of them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import train_test_split

from course_utils import ArgumentError, ShapeError, train_validation_test_split


def test_mnist_is_split_as_in_the_lab():
    x = np.zeros((70_000, 1), dtype=np.uint8)
    parts = train_validation_test_split(x, np.zeros(70_000))
    assert [len(rows) for rows in parts] == [44_800, 11_200, 14_000]
    assert_array_equal(np.sort(np.concatenate(parts)), np.arange(70_000))


def test_the_rows_are_those_of_scikit_learn_on_the_data_itself():
    x, y = np.arange(1000.0)[:, np.newaxis], np.arange(1000)
    rest_x, test_x, rest_y, test_y = train_test_split(x, y, test_size=0.2, random_state=42)
    train_x, validation_x, train_y, validation_y = train_test_split(
        rest_x, rest_y, test_size=0.2, random_state=42
    )
    train, validation, test = train_validation_test_split(x, y)
    for rows, images, labels in (
        (train, train_x, train_y),
        (validation, validation_x, validation_y),
        (test, test_x, test_y),
    ):
        assert_array_equal(x[rows], images)
        assert_array_equal(y[rows], labels)


def test_sizes_and_seeds():
    x, y = np.zeros((100, 2)), np.zeros(100)
    parts = train_validation_test_split(x, y, test_size=0.5, validation_size=0.1)
    assert [len(rows) for rows in parts] == [45, 5, 50]
    same, other = (train_validation_test_split(x, y, seed=seed) for seed in (42, 43))
    assert_array_equal(same[0], train_validation_test_split(x, y)[0])
    assert not np.array_equal(same[0], other[0])


@pytest.mark.parametrize("one_hot", [False, True])
def test_stratified_each_part_has_the_classes_in_the_same_shares(one_hot):
    classes = np.repeat([0, 1, 2], [600, 300, 100])
    y = np.eye(3)[classes] if one_hot else classes
    parts = train_validation_test_split(np.zeros((1000, 1)), y, stratify=True)
    assert [list(np.bincount(classes[rows])) for rows in parts] == [
        [384, 192, 64],
        [96, 48, 16],
        [120, 60, 20],
    ]


def test_one_hot_rows_are_split_as_their_class_numbers_are():
    x, classes = np.zeros((300, 1)), np.repeat([0, 1, 2], 100)
    numbers = train_validation_test_split(x, classes, stratify=True)
    one_hot = train_validation_test_split(x, np.eye(3)[classes], stratify=True)
    for ours, theirs in zip(one_hot, numbers, strict=True):
        assert_array_equal(ours, theirs)


@pytest.mark.parametrize(("x", "y"), [(3, 2), (0, 0)])
def test_what_is_no_data_set(x, y):
    with pytest.raises(ShapeError, match="one label for each row"):
        train_validation_test_split(np.zeros((x, 2)), np.zeros(y))


@pytest.mark.parametrize(
    "settings",
    [
        {"test_size": 0.0},
        {"test_size": 14000},
        {"validation_size": 1.0},
        {"validation_size": float("nan")},
        {"seed": -1},
        {"stratify": True},  # one row of each class
    ],
)
def test_what_makes_no_split(settings):
    with pytest.raises(ArgumentError, match=r"(?s)expected: .*found: .*what to do: "):
        train_validation_test_split(np.zeros((10, 2)), np.arange(10), **settings)


def test_too_few_rows_for_three_parts():
    with pytest.raises(ArgumentError, match="at least one row in each part"):
        train_validation_test_split(np.zeros((1, 2)), np.zeros(1))
