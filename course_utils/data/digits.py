"""The stand-in for MNIST on a machine without a network: scikit-learn's digits.

1,797 images of 8 x 8 pixels that come with scikit-learn (E. Alpaydin and C. Kaynak, "Optical
recognition of handwritten digits", UCI Machine Learning Repository, 1998).
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from course_utils.arrays import ByteArray

# Every 7th image is a test image. The digits come in runs of 0 1 2 ... 9, so the step must share
# no factor with 10: every 5th or 6th image would leave some digits out for long stretches.
TEST_STEP = 7


def load_digits_like_mnist() -> tuple[ByteArray, ByteArray, ByteArray, ByteArray]:
    """Return the digits in the form of MNIST.

    Returns
    -------
    train_images, train_labels, test_images, test_labels : ndarray of uint8
        Images of shape (1540, 28, 28) and (257, 28, 28) with grey values 0..255, labels of shape
        (1540,) and (257,). The split is always the same.

    Examples
    --------
    >>> train_images, train_labels, test_images, test_labels = load_digits_like_mnist()
    >>> train_images.shape, test_images.shape
    ((1540, 28, 28), (257, 28, 28))
    """
    table = _digits()
    images = _resample(table[:, :-1].reshape(-1, 8, 8) / 16.0)
    labels = table[:, -1].astype(np.uint8)
    test = np.arange(len(labels)) % TEST_STEP == 0
    return images[~test], labels[~test], images[test], labels[test]


def _digits() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return scikit-learn's digits, a row of 64 grey values 0..16 and a label for each image.

    They are read from the file in which scikit-learn keeps them: to import scikit-learn would
    take a second and 100 MB, for 1 MB of digits.
    """
    package = importlib.util.find_spec("sklearn")
    for folder in (package and package.submodule_search_locations) or ():
        path = Path(folder) / "datasets" / "data" / "digits.csv.gz"
        if path.exists():
            return np.loadtxt(path, delimiter=",")
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return np.column_stack([bunch.data, bunch.target])


def _resample(images: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> ByteArray:
    """Enlarge (count, 8, 8) values in 0..1 to bytes of shape (count, 28, 28).

    As in MNIST, the digit fills a box of 20 x 20 pixels with 4 pixels of background around it.
    """
    enlarge = _interpolation(8, 20)
    boxes = enlarge @ images @ enlarge.T  # (20, 8) @ (count, 8, 8) @ (8, 20)
    return np.pad(np.rint(255 * boxes), ((0, 0), (4, 4), (4, 4))).astype(np.uint8)


def _interpolation(size: int, new_size: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the matrix (new_size, size) that interpolates linearly between pixel centres."""
    centres = (np.arange(new_size) + 0.5) * size / new_size - 0.5
    distance = np.abs(np.clip(centres, 0, size - 1)[:, np.newaxis] - np.arange(size))
    return np.maximum(0.0, 1.0 - distance)
