"""`DataLoader`: every row once, in a repeatable order, and no copy of the data set."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.testing import assert_array_equal

from course_utils import (
    ArgumentError,
    DataLoader,
    ShapeError,
    augmentation,
    get_generator,
    set_seed,
)


def data(count=25):
    """Return rows that tell their number, and labels that tell it too."""
    numbers = np.arange(count)
    return numbers[:, np.newaxis] + np.zeros((count, 4)), numbers


def epoch(loader):
    """Return the row numbers of each batch, after a look at images and labels."""
    batches = []
    for images, labels in loader:
        assert_array_equal(images[:, 0], labels)  # shuffled together
        assert images.shape[1:] == (4,)
        batches.append(list(labels))
    return batches


def flat(batches):
    return [number for batch in batches for number in batch]


def test_batches_in_the_order_of_the_data():
    loader = DataLoader(*data(7), batch_size=3)
    assert epoch(loader) == [[0, 1, 2], [3, 4, 5], [6]]
    assert epoch(loader) == [[0, 1, 2], [3, 4, 5], [6]]
    assert (len(loader), loader.n_samples) == (3, 7)


def test_the_default_is_32_rows_in_order():
    assert [len(batch) for batch in epoch(DataLoader(*data(70)))] == [32, 32, 6]


@pytest.mark.parametrize(("count", "batches", "samples"), [(7, 2, 6), (6, 2, 6), (3, 1, 3)])
def test_drop_last_leaves_out_what_is_no_full_batch(count, batches, samples):
    loader = DataLoader(*data(count), batch_size=3, drop_last=True)
    assert (len(loader), loader.n_samples) == (batches, samples)
    assert [len(batch) for batch in epoch(loader)] == [3] * batches


def test_shuffled_each_row_comes_once_per_epoch_in_a_new_order():
    loader = DataLoader(*data(), batch_size=10, shuffle=True)
    orders = [epoch(loader) for _ in range(3)]
    for batches in orders:
        assert [len(batch) for batch in batches] == [10, 10, 5]
        assert sorted(flat(batches)) == list(range(25))
    assert orders[0] != orders[1] != orders[2]
    assert flat(orders[0]) != list(range(25))


def test_dropped_rows_change_from_epoch_to_epoch():
    set_seed(0)
    loader = DataLoader(*data(), batch_size=10, shuffle=True, drop_last=True)
    left_out = {frozenset(range(25)) - set(flat(epoch(loader))) for _ in range(4)}
    assert len(left_out) > 1


def noisy(images, generator):
    return images + generator.normal(size=images.shape)


@pytest.mark.parametrize("explicit", [False, True])
def test_the_same_seed_gives_the_same_batches_bit_for_bit(explicit):
    def run(seed):
        set_seed(seed)
        generator = default_rng(seed) if explicit else None
        loader = DataLoader(*data(), 10, shuffle=True, augment=noisy, generator=generator)
        return [(x.tobytes(), y.tobytes()) for _ in range(2) for x, y in loader]

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_an_epoch_does_not_depend_on_what_is_drawn_meanwhile():
    loader = DataLoader(*data(), 5, shuffle=True, augment=noisy)
    set_seed(5)
    expected = [images.tobytes() for images, _ in loader]
    set_seed(5)
    found = []
    for images, _ in loader:
        get_generator().normal(size=17)  # dropout, say
        found.append(images.tobytes())
    assert found == expected


def test_an_epoch_repeats_from_the_generators_state():
    generator = default_rng(8)
    loader = DataLoader(*data(), 10, shuffle=True, augment=noisy, generator=generator)
    list(loader)
    state = generator.bit_generator.state
    second = [images.tobytes() for images, _ in loader]
    list(loader)
    generator.bit_generator.state = state
    assert [images.tobytes() for images, _ in loader] == second


def test_a_generator_of_its_own_leaves_the_librarys_alone():
    set_seed(1)
    expected = get_generator().normal()
    set_seed(1)
    list(DataLoader(*data(), 10, shuffle=True, generator=default_rng(0)))
    assert get_generator().normal() == expected


@pytest.mark.parametrize(
    "augment",
    [
        None,
        augmentation.normalize,
        augmentation.Compose([augmentation.Compose([augmentation.normalize])]),
    ],
)
def test_a_loop_in_order_draws_nothing(augment):
    set_seed(1)
    expected = get_generator().normal()
    set_seed(1)
    list(DataLoader(*data(), 10, augment=augment))
    assert get_generator().normal() == expected


def test_two_loops_at_once_do_not_disturb_each_other():
    set_seed(2)
    loader = DataLoader(*data(), 10, shuffle=True)
    expected = [epoch(loader), epoch(loader)]
    set_seed(2)
    first, second = [], []
    for (_, a), (_, b) in zip(loader, loader, strict=True):
        first.append(list(a))
        second.append(list(b))
    assert [first, second] == expected


def test_the_data_set_is_not_copied():
    x, y = np.zeros((4000, 200)), np.zeros((4000, 10))
    tracemalloc.start()
    try:
        loader = DataLoader(x, y, batch_size=40, shuffle=True)
        for _ in loader:
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert np.shares_memory(loader.x, x)
    assert np.shares_memory(loader.y, y)
    assert peak < x.nbytes / 10  # a few batches of 64 kB, of 6.4 MB


def test_a_batch_in_order_is_a_view_that_cannot_change_the_data():
    x, y = data()
    images, labels = next(iter(DataLoader(x, y, 10)))
    assert np.shares_memory(images, x)
    for batch in (images, labels):
        with pytest.raises(ValueError, match="read-only"):
            batch[0] = 5
    assert x.flags.writeable
    assert y.flags.writeable


def test_a_shuffled_batch_may_be_written_to():
    x, y = data()
    for images, labels in DataLoader(x, y, 10, shuffle=True):
        images += 100
        labels += 100
    assert_array_equal(x, data()[0])
    assert_array_equal(y, data()[1])


def test_types_and_shapes_stay_as_they_are():
    x, y = np.zeros((6, 3, 2), dtype=np.uint8), np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]]
    images, labels = next(iter(DataLoader(x, y, 4, shuffle=True)))
    assert (images.shape, images.dtype) == ((4, 3, 2), np.uint8)
    assert (labels.shape, labels.dtype) == ((4, 3), np.float32)


@pytest.mark.parametrize("shuffle", [False, True])
def test_some_rows_alone(shuffle):
    x, y = data()
    rows = [20, 3, 7, 11, 3]
    loader = DataLoader(x, y, 2, shuffle=shuffle, rows=rows)
    assert (len(loader), loader.n_samples) == (3, 5)
    found = flat(epoch(loader))
    assert (sorted(found) == sorted(rows)) if shuffle else (found == rows)
    assert np.shares_memory(loader.x, x)


def test_augmentation_sees_each_batch_and_not_the_labels():
    seen = []

    def add(images, generator):
        seen.append(len(images))
        return images + 0.5

    x, y = data()
    batches = list(DataLoader(x, y, 10, augment=add))
    assert seen == [10, 10, 5]
    assert_array_equal(np.concatenate([images for images, _ in batches]), x + 0.5)
    assert_array_equal(np.concatenate([labels for _, labels in batches]), y)
    assert_array_equal(x, data()[0])


def test_a_step_that_draws_nothing_is_called_with_the_images_alone():
    x, y = data(3)
    ((images, _),) = DataLoader(x, y, augment=augmentation.normalize)
    assert_array_equal(images, augmentation.normalize(x))


def test_an_augmentation_that_loses_images():
    loader = DataLoader(*data(), 10, augment=lambda images, generator: images[1:])
    with pytest.raises(ShapeError, match=r"(?s)expected: 10 images.*found: .*\(9, 4\)"):
        list(loader)


def test_its_repr_is_readable():
    assert repr(DataLoader(*data(), 10)) == (
        "DataLoader(25 rows, batch_size=10, shuffle=False: 3 batches)"
    )


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.zeros((3, 2)), np.zeros(2)),
        (np.zeros((0, 2)), np.zeros(0)),
        (np.zeros((3, 0)), np.zeros(3)),
        (5.0, np.zeros(1)),
        (np.zeros((3, 2)), 1),
    ],
)
def test_what_is_no_data_set(x, y):
    with pytest.raises(ShapeError, match="expected: one label for each row of x, and at least"):
        DataLoader(x, y)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_no_model_can_learn_from(bad):
    x, y = data()
    x[13, 2] = bad
    with pytest.raises(ArgumentError, match=r"x holds(?s:.*)NaN or infinity, first in row 13"):
        DataLoader(x, y)
    with pytest.raises(ArgumentError, match=r"y holds(?s:.*)first in row 2"):
        DataLoader(np.zeros((4, 1)), [0, 1, bad, 3])


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, "3", None, True])
def test_batch_sizes_that_count_nothing(batch_size):
    with pytest.raises(ArgumentError, match=r"(?s)batch_size must count.*batch_size=32"):
        DataLoader(*data(), batch_size)


@pytest.mark.parametrize("rows", [[], [25], [-1], [0.5], [[0, 1]], np.ones(25, dtype=bool)])
def test_rows_that_choose_nothing(rows):
    with pytest.raises(ArgumentError, match="row numbers from 0 to 24"):
        DataLoader(*data(), rows=rows)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"augment": "elastic"}, "a function of a batch of images"),
        ({"generator": 42}, "numpy.random.Generator"),
        ({"generator": np.random.RandomState(1)}, "numpy.random.Generator"),
    ],
)
def test_arguments_that_make_no_sense(settings, expected):
    with pytest.raises(ArgumentError, match=f"(?s){expected}.*found: .*what to do: "):
        DataLoader(*data(), **settings)


def test_drop_last_with_less_than_one_batch():
    with pytest.raises(ShapeError, match=r"(?s)one full batch of 32.*found: 25 rows"):
        DataLoader(*data(), drop_last=True)


def test_data_that_is_not_numbers():
    with pytest.raises(ArgumentError, match="x does not hold real numbers"):
        DataLoader(["a", "b"], [0, 1])
    with pytest.raises(ArgumentError, match="x cannot be made into an array"):
        DataLoader([[1, 2], [3]], [0, 1])
