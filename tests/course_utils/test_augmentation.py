"""Augmentation: each image in its own way, against scipy one image at a time, nothing wrapped."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage

from course_utils import ArgumentError, ShapeError
from course_utils.data.augmentation import (
    Compose,
    elastic,
    gaussian_blur,
    normalize,
    random_affine,
    random_rotation,
    random_shift,
)
from course_utils.data.sampling import bilinear, blur_matrix

ALL = [random_shift, random_rotation, random_affine, gaussian_blur, elastic]
MOVING = [random_shift, random_rotation, random_affine, elastic]


def blob(size=28, row=13.5, column=13.5, width=3.0):
    """Return a smooth spot, whose place can be measured to a small part of a pixel."""
    r, c = np.indices((size, size))
    return np.exp(-((r - row) ** 2 + (c - column) ** 2) / (2 * width**2))


def centre(pictures):
    """Return the centres of mass, (batch, 2): rows and columns."""
    r, c = np.indices(pictures.shape[1:])
    mass = pictures.sum(axis=(1, 2))
    return np.stack([(pictures * n).sum(axis=(1, 2)) / mass for n in (r, c)], axis=1)


class Draws(np.random.Generator):
    """A generator of which everything drawn is the given part of the range."""

    def __init__(self, *parts):
        super().__init__(np.random.PCG64())
        self.parts = list(parts)

    def uniform(self, low, high, size):
        part = np.asarray(self.parts.pop(0), dtype=float)
        part = part.reshape(-1, *[1] * (np.ndim(np.empty(size)) - 1))
        return low + (high - low) * np.broadcast_to(part, size)


def affine_by_hand(image, degrees, shift, scale, shear):
    """Return one image, moved as torchvision's formula says, by scipy."""
    angle, slant = math.radians(degrees), math.tan(math.radians(shear))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    forward = scale * turn @ np.array([[1, -slant], [0, 1]])  # of (x, y)
    back = np.linalg.inv(forward)[::-1, ::-1]  # of (row, column)
    middle = (np.array(image.shape) - 1) / 2
    offset = middle - back @ (middle + np.array(shift)[::-1])
    return ndimage.affine_transform(image, back, offset, order=1, mode="grid-constant")


@pytest.mark.parametrize(
    ("parts", "scale", "moved"),
    [
        # Parts of the ranges: angle, shear, shift down, shift to the right; then the scale.
        ((1, 0.5, 0.5, 0.5), 0.5, (15, (0, 0), 1.0, 0)),
        ((0.5, 1, 0.5, 0.5), 0.5, (0, (0, 0), 1.0, 20)),
        ((0.5, 0.5, 1, 0.5), 0.5, (0, (0, 2.6), 1.0, 0)),
        ((0.5, 0.5, 0.5, 0), 0.5, (0, (-2.6, 0), 1.0, 0)),
        ((0.5, 0.5, 0.5, 0.5), 0.0, (0, (0, 0), 0.8, 0)),
        ((0.5, 0.5, 0.5, 0.5), 1.0, (0, (0, 0), 1.2, 0)),
        ((0.25, 0.75, 0.6, 0.3), 0.1, (-7.5, (-1.04, 0.52), 0.84, 10)),
    ],
)
def test_affine_is_torchvisions_formula(parts, scale, moved):
    image = default_rng(0).random((1, 26, 26))
    draws = Draws(parts, scale)
    found = random_affine(image, draws, degrees=15, shift=0.1, scale=(0.8, 1.2), shear=20)
    assert_allclose(found[0], affine_by_hand(image[0], *moved), atol=2e-5)
    assert np.abs(found - image).max() > 0.1


def test_affine_draws_within_its_ranges_for_each_image():
    spots = np.broadcast_to(blob(), (2000, 28, 28))
    found = random_affine(spots, default_rng(1))
    shifts = centre(found) - 13.5
    assert np.abs(shifts).max() == pytest.approx(2.8, abs=0.03)
    assert_allclose(shifts.mean(axis=0), 0, atol=0.1)
    assert_allclose(shifts.std(axis=0), 2.8 / math.sqrt(3), rtol=0.05)
    assert abs(np.corrcoef(shifts.T)[0, 1]) < 0.05
    sizes = np.sqrt(found.sum(axis=(1, 2)) / blob().sum())
    assert (sizes.min(), sizes.max()) == pytest.approx((0.9, 1.1), abs=0.01)


def test_rotation_turns_each_image_about_its_centre():
    off_centre = np.broadcast_to(blob(row=7, width=1.5), (1000, 28, 28))
    down, right = (centre(random_rotation(off_centre, default_rng(2), 30)) - 13.5).T
    assert_allclose(np.hypot(down, right), 6.5, atol=0.02)
    angles = np.degrees(np.arctan2(right, -down))
    assert (angles.min(), angles.max()) == pytest.approx((-30, 30), abs=0.2)
    assert angles.std() == pytest.approx(30 / math.sqrt(3), rel=0.05)
    assert_allclose(centre(random_rotation(blob()[np.newaxis], default_rng(3))), 13.5, atol=0.01)


def test_shift_moves_whole_pixels_and_keeps_every_value():
    image = np.zeros((28, 28))
    image[10:18, 9:20] = default_rng(4).random((8, 11))
    found = random_shift(np.broadcast_to(image, (500, 28, 28)), default_rng(5), max_shift=3)
    seen = set()
    for picture in found:
        down, right = np.round(centre(picture[np.newaxis]) - centre(image[np.newaxis]))[0]
        assert_array_equal(picture, np.roll(image, (int(down), int(right)), axis=(0, 1)))
        seen.add((int(down), int(right)))
    assert seen == {(down, right) for down in range(-3, 4) for right in range(-3, 4)}


@pytest.mark.parametrize(
    "move",
    [
        partial(random_shift, max_shift=27),
        partial(random_affine, shift=1.0),
        partial(random_affine, scale=(0.2, 0.5)),
        partial(random_rotation, degrees=180),
        partial(elastic, alpha=2000),
    ],
)
def test_nothing_comes_in_from_the_opposite_side(move):
    bright = np.ones((300, 28, 28))
    found = move(bright, default_rng(6))
    assert found.min() == 0  # what is beyond the border is background
    assert found.max() <= 1 + 1e-6


@pytest.mark.parametrize("step", ALL)
@pytest.mark.parametrize("axis", [1, 2])
def test_ink_at_one_border_never_shows_at_the_other(step, axis):
    images = np.zeros((300, 28, 28))
    images.swapaxes(1, axis)[:, 24:] = 1
    found = step(images, default_rng(7)).swapaxes(1, axis)
    assert found[:, :8].max() == 0
    assert found[:, 20:].max() > 0.5


def test_blur_by_scipy_one_image_at_a_time():
    images = default_rng(8).random((3, 28, 28))
    sigmas = (0.1, 1.05, 2.0)
    draws = Draws([0, 0.5, 1])
    found = gaussian_blur(images, draws, kernel_size=5)
    for image, sigma, blurred in zip(images, sigmas, found, strict=True):
        expected = ndimage.gaussian_filter(image, sigma, mode="mirror", radius=2)
        assert_allclose(blurred, expected, atol=1e-12)


def test_blur_keeps_the_grey_and_lessens_the_contrast():
    images = np.concatenate([np.ones((1, 28, 28)), default_rng(9).random((40, 28, 28))])
    found = gaussian_blur(images, default_rng(10))
    assert_allclose(found[0], 1)
    spread = found[1:].std(axis=(1, 2)) / images[1:].std(axis=(1, 2))
    assert spread.max() <= 1
    assert spread.max() - spread.min() > 0.3  # some images hardly, some a lot


def displacements(count=1000, size=28, seed=11, **settings):
    """Measure how far elastic moves each pixel, on images that are ramps."""
    ramps = 10 + np.indices((size, size)) + np.zeros((count, 1, 1, 1))
    rows, columns = (elastic(ramps[:, axis], default_rng(seed), **settings) for axis in (0, 1))
    inside = (slice(None), slice(5, -5), slice(5, -5))
    return (rows - ramps[:, 0])[inside], (columns - ramps[:, 1])[inside]


def test_elastic_moves_pixels_as_far_as_torchvision_does():
    # torchvision: uniform noise in -1..1, blurred with 41 weights, times alpha / size, in a grid
    # whose unit is size / 2 pixels.
    noise = default_rng(12).uniform(-1, 1, size=(1000, 28, 28))
    expected = 18.5 * ndimage.gaussian_filter(noise, 5, mode="mirror", radius=20, axes=(1, 2))
    for moved in displacements():
        assert moved.std() == pytest.approx(expected[:, 5:-5, 5:-5].std(), rel=0.03)
        assert abs(moved.mean()) < 0.03
    half, _ = displacements(alpha=18.5)
    assert_allclose(half, displacements()[0] / 2, atol=1e-4)


def test_elastic_bends_smoothly_in_both_directions_and_each_image_apart():
    down, right = displacements(500)
    assert np.corrcoef(down[:, :, 1:].ravel(), down[:, :, :-1].ravel())[0, 1] > 0.97
    assert np.corrcoef(down[:, 1:].ravel(), down[:, :-1].ravel())[0, 1] > 0.97
    assert abs(np.corrcoef(down.ravel(), right.ravel())[0, 1]) < 0.1
    assert abs(np.corrcoef(down[1:].ravel(), down[:-1].ravel())[0, 1]) < 0.1
    loose, _ = displacements(500, sigma=2.0)
    assert np.corrcoef(loose[:, :, 4:].ravel(), loose[:, :, :-4].ravel())[0, 1] < 0.7


@pytest.mark.parametrize(("size", "sigma"), [(28, 5.0), (28, 0.7), (9, 3.0), (5, 40.0)])
def test_the_blur_matrix_by_scipy(size, sigma):
    column = default_rng(13).random(size)
    radius = int(4 * sigma + 0.5)
    expected = ndimage.gaussian_filter1d(column, sigma, mode="mirror", radius=radius)
    assert_allclose(blur_matrix(size, sigma) @ column, expected, rtol=1e-5)


def test_bilinear_by_scipy_also_far_outside():
    rng = default_rng(14)
    pictures = rng.random((4, 6, 9))
    points = rng.uniform(-4, 14, size=(2, 4, 6, 9))
    points[0, 0, 0, :4] = (-1.0, 0.0, 5.0, 6.0)  # to the pixel
    points[1, 0, 0, :4] = (-1.0, 8.0, 9.0, 0.0)
    found = bilinear(pictures, *points)
    for picture, places, values in zip(pictures, points.swapaxes(0, 1), found, strict=True):
        expected = ndimage.map_coordinates(picture, places, order=1, mode="grid-constant")
        assert_allclose(values, expected, atol=1e-12)


@pytest.mark.parametrize("step", ALL)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_step_keeps_shape_type_and_input(step, dtype):
    images = default_rng(15).random((6, 28, 28)).astype(dtype)
    images.flags.writeable = False
    copy = images.copy()
    found = step(images, default_rng(0))
    rows = step(images.reshape(6, 784), default_rng(0))
    assert (found.shape, rows.shape) == ((6, 28, 28), (6, 784))
    assert found.dtype == rows.dtype == dtype
    assert_array_equal(rows.reshape(6, 28, 28), found)
    assert_array_equal(images, copy)
    assert not np.shares_memory(found, images)
    assert np.abs(found - images).max() > 0.01
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("step", ALL)
def test_every_image_changes_in_its_own_way_and_as_the_seed_says(step):
    images = np.broadcast_to(default_rng(16).random((28, 28)), (20, 28, 28))
    first = step(images, default_rng(1))
    assert len({picture.tobytes() for picture in first}) > 10
    assert_array_equal(first, step(images, default_rng(1)))
    assert not np.array_equal(first, step(images, default_rng(2)))


@pytest.mark.parametrize(
    "step",
    [
        partial(random_shift, max_shift=0),
        partial(random_rotation, degrees=0),
        partial(random_affine, degrees=0, shift=0, scale=(1, 1), shear=0),
        partial(gaussian_blur, kernel_size=1),
        partial(elastic, alpha=0),
    ],
)
def test_a_size_of_zero_changes_nothing(step):
    images = default_rng(17).random((3, 28, 28))
    assert_array_equal(step(images, default_rng(0)), images)


def test_whole_numbers_are_taken_and_other_sizes_too():
    found = random_affine(np.full((2, 100), 255, dtype=np.uint8), default_rng(0))
    assert (found.shape, found.dtype) == ((2, 100), np.float64)
    assert found.max() == pytest.approx(255)
    for step in ALL:
        assert step(np.zeros((0, 784)), default_rng(0)).shape == (0, 784)


def test_normalize():
    images = default_rng(18).random((3, 784)).astype(np.float32)
    found = normalize(images, 0.1307, 0.3081)
    assert found.dtype == np.float32
    assert_allclose(found, (images - 0.1307) / 0.3081, rtol=1e-5, atol=1e-6)
    assert normalize(images, np.float64(0.1)).dtype == np.float32
    for wrong in ({"std": 0}, {"std": math.nan}, {"mean": math.inf}):
        with pytest.raises(ArgumentError, match="two finite numbers, std above 0"):
            normalize(images, **wrong)


def test_compose_runs_its_steps_in_order_with_one_generator():
    images = default_rng(19).random((4, 784))
    steps = Compose([random_affine, normalize, partial(elastic, alpha=10)])
    generator = default_rng(3)
    expected = elastic(normalize(random_affine(images, generator)), generator, alpha=10)
    assert_array_equal(steps(images, default_rng(3)), expected)
    assert repr(Compose([random_affine, normalize])) == "Compose([random_affine, normalize])"
    nested = Compose([Compose([random_affine]), lambda x: 2 * x, np.negative])
    assert_array_equal(nested(images, default_rng(3)), -2 * random_affine(images, default_rng(3)))


def test_compose_of_what_cannot_be_called():
    with pytest.raises(ArgumentError, match="without calling the functions"):
        Compose([random_affine, np.zeros(3)])


@pytest.mark.parametrize("step", ALL)
@pytest.mark.parametrize("shape", [(784,), (2, 783), (2, 28, 27), (2, 1, 28, 28), (2, 0), ()])
def test_what_is_no_batch_of_images(step, shape):
    with pytest.raises(ShapeError, match=r"(?s)\(batch, 784\) or \(batch, 28, 28\).*newaxis"):
        step(np.zeros(shape), default_rng(0))


@pytest.mark.parametrize(
    "step",
    [
        partial(random_shift, max_shift=-1),
        partial(random_shift, max_shift=1.5),
        partial(random_affine, scale=1.1),
        partial(random_affine, scale=("0.9", "1.1")),
        partial(random_affine, degrees="5"),
        partial(gaussian_blur, kernel_size="3"),
        partial(gaussian_blur, kernel_size=-1),
        partial(elastic, sigma=(4, 5)),
        partial(random_rotation, degrees=-1),
        partial(random_affine, shift=math.nan),
        partial(random_affine, scale=(1.1, 0.9)),
        partial(random_affine, scale=(0, 1)),
        partial(random_affine, shear=math.inf),
        partial(gaussian_blur, kernel_size=4),
        partial(gaussian_blur, kernel_size=57),
        partial(gaussian_blur, sigma=(0, 1)),
        partial(elastic, alpha=-1),
        partial(elastic, sigma=0),
    ],
)
def test_sizes_that_make_no_sense(step):
    with pytest.raises(ArgumentError, match=r"(?s)expected: .*found: .*what to do: "):
        step(np.zeros((2, 784)), default_rng(0))
