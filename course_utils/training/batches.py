"""What a loader hands out, checked: pairs of images and labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from course_utils.arrays import as_numbers
from course_utils.errors import ArgumentError, DataError, ShapeError

Batch = tuple[Any, Any]
IntArray = npt.NDArray[np.int64]


def batches(loader: Iterable[Batch]) -> Iterator[Batch]:
    """Yield the batches of a loader, each of them checked to be images and labels.

    Raises
    ------
    DataError
        Where the loader yields something else, as a pair of whole arrays does.
    """
    handed_out: Any = loader
    if not hasattr(loader, "__iter__") and not hasattr(loader, "__getitem__"):
        raise _no_batches(repr(loader)[:80])
    for batch in handed_out:
        if not isinstance(batch, tuple | list):
            raise _no_batches(f"an item of type {type(batch).__name__}")
        if len(batch) != 2 or np.ndim(batch[0]) == 0 or len(batch[0]) == 0:
            shapes = ", ".join(str(np.shape(part)) for part in batch)
            raise _no_batches(f"a batch of {len(batch)} items, of shapes {shapes}")
        yield batch[0], batch[1]


def _no_batches(found: str) -> DataError:
    return DataError(
        "this loader does not hand out batches of images and labels",
        expected="pairs (x, y), at least one image in each",
        found=found,
        mend="use DataLoader(x, y, batch_size=100), not the arrays themselves",
    )


def class_numbers(y: Any, images: int | None = None) -> IntArray:
    """Return labels as class numbers, from class numbers or from one-hot rows.

    Parameters
    ----------
    y : array_like, shape (batch,) or (batch, classes)
    images : int, optional
        How many there must be.

    Returns
    -------
    ndarray of int64, shape (batch,)

    Raises
    ------
    ShapeError
        Where the shape is another, or the number of labels is not `images`.
    ArgumentError
        Where class numbers are not whole numbers from 0.

    Examples
    --------
    >>> class_numbers([[0, 1], [1, 0]])
    array([1, 0])
    """
    array = as_numbers(y, "y")
    if array.ndim not in (1, 2) or (images is not None and len(array) != images):
        raise ShapeError(
            "the labels do not fit the images",
            expected=f"shape ({'batch' if images is None else images},), or one-hot rows",
            found=f"shape {array.shape}",
            mend="hand over one class number, or one one-hot row, for each image",
        )
    if array.ndim == 2:
        return np.asarray(array.argmax(axis=1), dtype=np.int64)
    with np.errstate(invalid="ignore"):  # NaN becomes some number, which the next line refuses
        numbers = array.astype(np.int64)
    valid = (numbers == array) & (numbers >= 0)
    if not valid.all():
        raise ArgumentError(
            "these are not class numbers",
            expected="whole numbers from 0",
            found=f"dtype {array.dtype}, such as {array[~valid][:3].tolist()}",
            mend="hand over the digits themselves, not probabilities or scaled values",
        )
    return numbers
