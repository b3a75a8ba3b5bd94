"""Reading pictures between their pixels, and blurring them: what augmentation is made of."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from course_utils.arrays import FloatArray


def bilinear(pictures: FloatArray, rows: FloatArray, columns: FloatArray) -> FloatArray:
    """Return the values of pictures at points between their pixels.

    Parameters
    ----------
    pictures : ndarray, shape (batch, height, width)
    rows, columns : ndarray, shape (batch, height, width), or what broadcasts to it
        For each pixel of the result, where its value is read, in pixels. The centre of the first
        pixel is (0, 0). All around a picture is 0; nothing comes in from the opposite side.

    Returns
    -------
    ndarray, shape (batch, height, width)
        Each value is a mean of the four pixels around the point, the nearer the heavier.
    """
    count, height, width = pictures.shape
    # One pixel of 0 before, and two after: every point that is read has four neighbours in there.
    padded = np.zeros((count, height + 3, width + 3), dtype=pictures.dtype)
    padded[:, 1:-2, 1:-2] = pictures
    rows = np.clip(rows, -1, height) + 1
    columns = np.clip(columns, -1, width) + 1
    top, left = rows.astype(np.intp), columns.astype(np.intp)
    down, right = rows - top, columns - left  # the parts of a pixel, from 0 to 1

    values, stride = padded.ravel(), width + 3
    starts = (height + 3) * stride * np.arange(count)[:, np.newaxis, np.newaxis]
    here = starts + stride * top + left
    upper = _between(values.take(here), values.take(here + 1), right)
    here += stride
    lower = _between(values.take(here), values.take(here + 1), right)
    return _between(upper, lower, down).astype(pictures.dtype, copy=False)


def _between(a: FloatArray, b: FloatArray, part: FloatArray) -> FloatArray:
    """Return ``a + part (b - a)``."""
    b -= a
    b = b * part
    b += a
    return b


def gaussian_weights(sigma: npt.ArrayLike, radius: int) -> FloatArray:
    """Return the weights of a Gaussian at -radius .. radius, which sum to one.

    Parameters
    ----------
    sigma : array_like, any shape
        Standard deviations, in pixels.
    radius : int

    Returns
    -------
    ndarray, shape (..., 2 radius + 1)

    Examples
    --------
    >>> gaussian_weights(1.0, 1).round(3)
    array([0.274, 0.452, 0.274])
    """
    steps = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (steps / np.asarray(sigma, dtype=float)[..., np.newaxis]) ** 2)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


@lru_cache(maxsize=16)
def blur_matrix(size: int, sigma: float) -> FloatArray:
    """Return the (size, size) matrix that blurs a column of pixels with a Gaussian.

    The Gaussian ends at four standard deviations. At the borders the column is mirrored, its
    last pixel not repeated.

    Examples
    --------
    >>> blur_matrix(4, 0.3).round(2)
    array([[0.99, 0.01, 0.  , 0.  ],
           [0.  , 0.99, 0.  , 0.  ],
           [0.  , 0.  , 0.99, 0.  ],
           [0.  , 0.  , 0.01, 0.99]], dtype=float32)
    """
    radius = int(4 * sigma + 0.5)
    reach = np.arange(-radius, size + radius)
    period = max(2 * (size - 1), 1)
    mirrored = np.abs((reach + size - 1) % period - (size - 1))
    matrix = np.zeros((size, size), dtype=np.float32)
    weights = gaussian_weights(sigma, radius)
    for row in range(size):
        np.add.at(matrix[row], mirrored[row : row + 2 * radius + 1], weights)
    matrix.flags.writeable = False  # every caller gets the same array
    return matrix
