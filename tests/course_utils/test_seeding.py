"""`set_seed` reaches every generator, and refuses what is no seed."""

from __future__ import annotations

import random

import numpy as np
import pytest

from course_utils import ArgumentError, get_generator, set_seed


def draws():
    return random.random(), np.random.random(), get_generator().random()  # noqa: NPY002


@pytest.mark.parametrize("seed", [0, 42, np.int64(42), 2**32 - 1])
def test_a_seed_repeats_all_three_generators(seed):
    set_seed(seed)
    first, second = draws(), draws()
    set_seed(seed)
    assert draws() == first
    assert all(a != b for a, b in zip(first, second, strict=True))


def test_another_seed_gives_other_numbers():
    set_seed(1)
    first = draws()
    set_seed(2)
    assert all(a != b for a, b in zip(first, draws(), strict=True))


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, None, "42"])
def test_what_is_no_seed(seed):
    with pytest.raises(ArgumentError, match=r"(?s)from 0 to 4294967295.*found: "):
        set_seed(seed)
