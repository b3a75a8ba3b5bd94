"""Augmentation: images moved, turned, stretched and blurred a little, so that no epoch is the same.

Each function takes a batch of images, row by row ``(batch, 784)`` or as pictures
``(batch, 28, 28)``, and returns a new array of the same shape; its input is not changed. Every
image of a batch gets its own random change. What comes in at the borders is 0, the background of
MNIST, so `normalize` comes last:

>>> steps = Compose([random_affine, gaussian_blur, elastic, normalize])
>>> steps(np.zeros((5, 784)), np.random.default_rng(0)).shape
(5, 784)

The functions do what the transforms of torchvision do that have the same name; each says where it
differs. To change an argument, use ``functools.partial(random_affine, degrees=15)``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from course_utils.arrays import FloatArray, as_floats, is_number, is_whole
from course_utils.data.compose import Compose
from course_utils.data.sampling import bilinear, blur_matrix, gaussian_weights
from course_utils.errors import ArgumentError, ShapeError
from course_utils.seeding import checked_generator

__all__ = [
    "Compose",
    "elastic",
    "gaussian_blur",
    "normalize",
    "random_affine",
    "random_rotation",
    "random_shift",
]


def random_shift(
    images: npt.ArrayLike, generator: np.random.Generator, max_shift: int = 2
) -> FloatArray:
    """Move each image by whole pixels, so that no value in it changes.

    Parameters
    ----------
    images : array_like, shape (batch, size * size) or (batch, size, size)
    generator : numpy.random.Generator
    max_shift : int
        The largest shift in each direction, in pixels. Every shift up to it is as likely.

    Returns
    -------
    ndarray, same shape
    """
    if not is_whole(max_shift) or max_shift < 0:
        raise ArgumentError(
            "max_shift does not count pixels",
            expected="a whole number of at least 0",
            found=repr(max_shift),
            mend="write max_shift=2; random_affine moves by parts of a pixel",
        )
    pictures = _pictures(images)
    rows, columns = _grid(pictures)
    shift = checked_generator(generator).integers(
        -max_shift, max_shift + 1, size=(2, len(pictures), 1, 1)
    )
    return bilinear(pictures, rows - shift[0], columns - shift[1]).reshape(np.shape(images))


def random_rotation(
    images: npt.ArrayLike, generator: np.random.Generator, degrees: float = 7.5
) -> FloatArray:
    """Turn each image about its centre by a random angle.

    Parameters
    ----------
    images : array_like, shape (batch, size * size) or (batch, size, size)
    generator : numpy.random.Generator
    degrees : float
        The angle is drawn from -degrees to degrees, evenly.

    Returns
    -------
    ndarray, same shape

    Notes
    -----
    torchvision's RandomRotation takes the nearest pixel unless told otherwise; this is bilinear.
    """
    return random_affine(images, generator, degrees, shift=0.0, scale=(1.0, 1.0), shear=0.0)


def random_affine(
    images: npt.ArrayLike,
    generator: np.random.Generator,
    degrees: float = 7.5,
    shift: float = 0.1,
    scale: tuple[float, float] = (0.9, 1.1),
    shear: float = 5.0,
) -> FloatArray:
    r"""Slant, turn, stretch and move each image, about its centre.

    Column offset x and row offset y from the centre move to

    .. math:: \begin{pmatrix} x' \\ y' \end{pmatrix} =
        s \begin{pmatrix} \cos\alpha & -\sin\alpha \\ \sin\alpha & \cos\alpha \end{pmatrix}
        \begin{pmatrix} 1 & -\tan\beta \\ 0 & 1 \end{pmatrix}
        \begin{pmatrix} x \\ y \end{pmatrix} + \begin{pmatrix} t_x \\ t_y \end{pmatrix}

    Parameters
    ----------
    images : array_like, shape (batch, size * size) or (batch, size, size)
    generator : numpy.random.Generator
    degrees : float
        The angle alpha is drawn from -degrees to degrees.
    shift : float
        t is drawn from -shift to shift in each direction, as a part of the image's size.
    scale : tuple of two floats
        The factor s is drawn from the first to the second.
    shear : float
        The slant beta is drawn from -shear to shear, in degrees.

    Returns
    -------
    ndarray, same shape

    Notes
    -----
    As RandomAffine(degrees, translate=(shift, shift), scale, shear) in torchvision, but for two
    things: values are bilinear, where torchvision takes the nearest pixel unless told otherwise,
    and shifts are not rounded to whole pixels.
    """
    for name, value in (("degrees", degrees), ("shift", shift), ("shear", shear)):
        _at_least_zero(name, value)
    _check_range("scale", scale, "scale=(0.9, 1.1)")
    pictures = _pictures(images)
    count, size, _ = pictures.shape
    draws = (
        checked_generator(generator).uniform(-1.0, 1.0, size=(4, count, 1, 1)).astype(np.float32)
    )
    angle, slant = np.radians(degrees) * draws[0], np.tan(np.radians(shear) * draws[1])
    t_y, t_x = shift * size * draws[2:]
    factor = generator.uniform(*scale, size=(count, 1, 1)).astype(np.float32)

    # From each pixel of the result back to where its value comes from: the inverse of the above.
    rows, columns = _grid(pictures)
    centre = (size - 1) / 2
    y, x = rows - centre - t_y, columns - centre - t_x
    cos, sin = np.cos(angle) / factor, np.sin(angle) / factor
    source_y = cos * y - sin * x
    source_x = cos * x + sin * y + slant * source_y
    return bilinear(pictures, source_y + centre, source_x + centre).reshape(np.shape(images))


def gaussian_blur(
    images: npt.ArrayLike,
    generator: np.random.Generator,
    kernel_size: int = 3,
    sigma: tuple[float, float] = (0.1, 2.0),
) -> FloatArray:
    """Blur each image with a Gaussian of a random width.

    Parameters
    ----------
    images : array_like, shape (batch, size * size) or (batch, size, size)
    generator : numpy.random.Generator
    kernel_size : int
        Over how many pixels the Gaussian reaches; an odd number, smaller than twice the size.
    sigma : tuple of two floats
        The standard deviation is drawn from the first to the second, in pixels.

    Returns
    -------
    ndarray, same shape

    Notes
    -----
    As GaussianBlur(kernel_size, sigma) in torchvision, which blurs all images of a batch alike;
    here each has its own sigma. At the borders the image is mirrored, as there.
    """
    pictures = _pictures(images)
    largest = 2 * pictures.shape[1] - 1
    if not is_whole(kernel_size) or not 1 <= kernel_size <= largest or kernel_size % 2 == 0:
        raise ArgumentError(
            "kernel_size does not fit",
            expected=f"an odd whole number from 1 to {largest}",
            found=repr(kernel_size),
            mend="write kernel_size=3",
        )
    _check_range("sigma", sigma, "sigma=(0.1, 2.0)")
    widths = checked_generator(generator).uniform(*sigma, size=len(pictures))
    weights = gaussian_weights(widths, kernel_size // 2)
    for axis in (1, 2):
        pictures = _blurred_along(pictures, weights.astype(pictures.dtype), axis)
    return pictures.reshape(np.shape(images))


def elastic(
    images: npt.ArrayLike,
    generator: np.random.Generator,
    alpha: float = 37.0,
    sigma: float = 5.0,
) -> FloatArray:
    """Bend each image, as a hand bends its strokes: every pixel moves, neighbours move alike.

    The shift of a pixel is a random number between -1 and 1 in each direction, blurred over its
    neighbours with a Gaussian, times alpha / 2, in pixels.

    Parameters
    ----------
    images : array_like, shape (batch, size * size) or (batch, size, size)
    generator : numpy.random.Generator
    alpha : float
        How far pixels move: with a sigma of 5, an alpha of 37 moves them by about 0.6 pixels in
        each direction, and hardly ever by more than 3.
    sigma : float
        How far a shift reaches, in pixels. The larger, the stiffer; and the smaller the shifts.

    Returns
    -------
    ndarray, same shape

    Notes
    -----
    As ElasticTransform(alpha, sigma) in torchvision, which bends all images of a batch alike; here
    each is bent in its own way. There alpha is relative to half the image's size, which is where
    alpha / 2 is from. Method: P. Simard, D. Steinkraus and J. Platt, "Best practices for
    convolutional neural networks applied to visual document analysis", ICDAR 2003.
    """
    _at_least_zero("alpha", alpha)
    if not is_number(sigma) or sigma <= 0:
        raise ArgumentError(
            "sigma is not a standard deviation",
            expected="a number above 0",
            found=repr(sigma),
            mend="write sigma=5",
        )
    pictures = _pictures(images)
    count, size, _ = pictures.shape
    noise = checked_generator(generator).random((2 * count, size, size), dtype=np.float32)
    noise = 2 * noise - 1
    blur = blur_matrix(size, float(sigma))
    smooth = (noise.reshape(-1, size) @ blur.T).reshape(noise.shape)
    shift_y, shift_x = np.split(np.float32(alpha / 2) * (blur @ smooth), 2)
    rows, columns = _grid(pictures)
    return bilinear(pictures, rows + shift_y, columns + shift_x).reshape(np.shape(images))


def normalize(images: npt.ArrayLike, mean: float = 0.1307, std: float = 0.3081) -> FloatArray:
    """Subtract a mean and divide by a standard deviation; the defaults are those of MNIST.

    Parameters
    ----------
    images : array_like, any shape
        Values from 0 to 1.
    mean, std : float
        Of the training images; the same two numbers for validation and test images.

    Returns
    -------
    ndarray, same shape

    Examples
    --------
    >>> normalize([0.1307, 1.0]).round(4)
    array([0.    , 2.8215])
    """
    if not is_number(mean) or not is_number(std) or std <= 0:
        raise ArgumentError(
            "mean and std cannot normalise anything",
            expected="two finite numbers, std above 0",
            found=f"mean {mean!r} and std {std!r}",
            mend="take images.mean() and images.std() of the training images",
        )
    values = as_floats(images, "images") - float(mean)
    values /= float(std)
    return values


def _pictures(images: npt.ArrayLike) -> FloatArray:
    """Return a batch as (batch, size, size), without copying an array of floats."""
    array = as_floats(images, "images")
    if array.ndim == 2:
        size = round(array.shape[1] ** 0.5)
        if size**2 == array.shape[1] > 0:
            return array.reshape(-1, size, size)
    if array.ndim == 3 and array.shape[1] == array.shape[2] > 0:
        return array
    raise ShapeError(
        "this is not a batch of square images",
        expected="shape (batch, 784) or (batch, 28, 28), or another size",
        found=f"shape {array.shape}",
        mend="use images[np.newaxis] for a single image",
    )


def _grid(pictures: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the row numbers as a column, and the column numbers as a row."""
    numbers = np.arange(pictures.shape[1], dtype=np.float32)
    return numbers[:, np.newaxis], numbers


def _blurred_along(pictures: FloatArray, weights: FloatArray, axis: int) -> FloatArray:
    """Return the pictures, each blurred along one axis with its own row of weights."""
    size, radius = pictures.shape[axis], weights.shape[1] // 2
    border = [(0, 0)] * 3
    border[axis] = (radius, radius)
    padded = np.pad(pictures, border, mode="reflect")
    result = np.zeros_like(pictures)
    for step, weight in enumerate(weights.T[..., np.newaxis, np.newaxis]):
        part = padded[:, step : step + size] if axis == 1 else padded[:, :, step : step + size]
        result += weight * part
    return result


def _check_range(name: str, pair: tuple[float, float], example: str) -> None:
    try:
        low, high = pair
        valid = bool(0 < low <= high < np.inf)
    except (TypeError, ValueError):
        valid = False
    if not valid:
        raise ArgumentError(
            f"{name} is not a range",
            expected="two numbers above 0, the smaller one first",
            found=repr(pair),
            mend=f"write {example}",
        )


def _at_least_zero(name: str, value: float) -> None:
    if not is_number(value) or value < 0:
        raise ArgumentError(
            f"{name} is not a size",
            expected="a number of at least 0",
            found=repr(value),
            mend=f"{name}=0 changes nothing",
        )
