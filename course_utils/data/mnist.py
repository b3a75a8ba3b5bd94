"""`load_mnist`: MNIST from wherever it can be found."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from course_utils.arrays import ByteArray
from course_utils.data.digits import load_digits_like_mnist
from course_utils.data.download import DownloadError, cache_folder, download
from course_utils.data.mnist_files import RawData, read_path
from course_utils.errors import ArgumentError, DataError

DIGITS = "digits"

MnistArrays = tuple[
    npt.NDArray[np.float64],
    npt.NDArray[np.float64],
    npt.NDArray[np.float64],
    npt.NDArray[np.float64],
]

_said: set[str] = set()
_download_failed: str | None = None
_preloaded: tuple[str | None, MnistArrays] | None = None


def load_mnist(path: str | os.PathLike[str] | None = None, *, verify: bool = True) -> MnistArrays:
    """Load MNIST: 60,000 training and 10,000 test images of handwritten digits.

    The first of these that applies is used:

    1. `path`, where it is given;
    2. the environment variable ``COURSE_DATA``, where it is set: a path as for `path`;
    3. the cache folder of this machine, where an earlier download left the data;
    4. a download of about 12 MB into that folder;
    5. without a network, scikit-learn's digits in the form of MNIST: 1,540 training and 257 test
       images, easier than MNIST. A line on the error stream says so, once per process.

    Parameters
    ----------
    path : str or path, optional
        A folder with MNIST's four IDX files, gzipped or not; a folder with ``mnist.npz``; an npz
        file; or the word ``"digits"``, which chooses the digits of step 5 without any attempt to
        download (a folder of that name is ``"./digits"``).
    verify : bool
        Whether files under MNIST's own names must be MNIST to the byte (SHA-256 of the
        decompressed bytes). With False, another data set in the same format (Fashion-MNIST, a
        small sample) can be read from `path` or ``COURSE_DATA``. Sizes, magic numbers and labels
        are checked all the same.

    Returns
    -------
    x_train : ndarray of float64, shape (60000, 784)
        Images row by row, from 0 (background) to 1 (ink).
    y_train : ndarray of float64, shape (60000, 10)
        One-hot labels: 1 in the column of the digit.
    x_test, y_test : ndarray of float64, shapes (10000, 784) and (10000, 10)

    Raises
    ------
    DataError
        Where the data that `path` or ``COURSE_DATA`` names is missing, damaged, or not MNIST.
        Data asked for by name is never replaced by other data.
    ArgumentError
        Where `path` is no path.

    Notes
    -----
    The arrays are new at each call and take 440 MB. The data is by Y. LeCun, C. Cortes and
    C. Burges, licence CC BY-SA 3.0.

    Examples
    --------
    >>> x_train, y_train, x_test, y_test = load_mnist("digits")
    >>> x_train.shape, y_train.shape, x_test.shape, y_test.shape
    ((1540, 784), (1540, 10), (257, 784), (257, 10))
    """
    global _preloaded
    if path is None and verify and _preloaded and _preloaded[0] == os.environ.get("COURSE_DATA"):
        _, arrays = _preloaded
        _preloaded = None  # handed over: the next call must not see what the caller does to them
        return arrays
    train_images, train_labels, test_images, test_labels = _raw_data(path, verify)
    return (
        _as_rows(train_images),
        _one_hot(train_labels),
        _as_rows(test_images),
        _one_hot(test_labels),
    )


def preload_mnist() -> None:
    """Load MNIST now, for the next call of ``load_mnist()`` to return at once.

    For a process that forks many others, each of which loads the data: they all start with the
    same pages of memory, and the operating system copies a page only when one of them writes.
    """
    global _preloaded
    _preloaded = None
    _preloaded = (os.environ.get("COURSE_DATA"), load_mnist())


def _raw_data(path: str | os.PathLike[str] | None, verify: bool) -> RawData:
    chosen = _chosen_source(path)
    if chosen == DIGITS:
        _say_once("load_mnist: scikit-learn's digits, enlarged to 28 x 28, stand in for MNIST.")
        return load_digits_like_mnist()
    if chosen is not None:
        return read_path(Path(chosen).expanduser(), verify)
    return _cached_or_downloaded()


def _chosen_source(path: str | os.PathLike[str] | None) -> str | None:
    """Return the path or the word that was asked for, if any."""
    if path is None:
        return os.environ.get("COURSE_DATA") or None
    if not isinstance(path, str | os.PathLike) or not os.fspath(path):
        raise ArgumentError(
            "path is not a path",
            expected=f'a folder, an npz file, or the word "{DIGITS}"',
            found=repr(path),
            mend="call load_mnist() or load_mnist('folder')",
        )
    return os.fspath(path)


def _cached_or_downloaded() -> RawData:
    global _download_failed
    folder = cache_folder()
    try:
        return read_path(folder, verify=True)
    except DataError:
        pass  # nothing there yet, or damaged: the download replaces what is wrong
    if _download_failed is None:  # one wait per process is enough
        try:
            download(folder)
            return read_path(folder, verify=True)
        except (DownloadError, DataError) as error:
            _download_failed = str(error).splitlines()[0]
    _say_once(
        f"load_mnist: MNIST could not be downloaded ({_download_failed}). scikit-learn's digits, "
        "enlarged to 28 x 28, stand in for it: 1,540 training and 257 test images, so the "
        "numbers will differ. To use MNIST, connect and restart, or set COURSE_DATA to a folder "
        "that holds it."
    )
    return load_digits_like_mnist()


def _say_once(message: str) -> None:
    if message not in _said:
        _said.add(message)
        print(message, file=sys.stderr)


def _as_rows(images: ByteArray) -> npt.NDArray[np.float64]:
    return images.reshape(len(images), -1) / np.float64(255)


def _one_hot(labels: ByteArray) -> npt.NDArray[np.float64]:
    return np.eye(10)[labels]
