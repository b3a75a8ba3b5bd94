"""Splitting a data set into a part to learn from, a part to choose by, and a part to judge by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from course_utils.arrays import Array, as_numbers
from course_utils.errors import ArgumentError, ShapeError

Rows = npt.NDArray[np.intp]


def train_validation_test_split(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    test_size: float = 0.2,
    validation_size: float = 0.2,
    seed: int = 42,
    stratify: bool = False,
) -> tuple[Rows, Rows, Rows]:
    """Draw the rows for training, for validation and for the test.

    The test rows are drawn first, then the validation rows from those that are left. The data is
    not copied: take ``x[train]``, or hand the rows to ``DataLoader(x, y, rows=train)``.

    Parameters
    ----------
    x : array_like, shape (count, ...)
    y : array_like, shape (count,) or (count, classes)
        Class numbers or one-hot rows.
    test_size, validation_size : float
        Parts from 0 to 1, of all rows and of the rows that are left.
    seed : int
        The same seed gives the same split.
    stratify : bool
        Whether each part gets the classes in the same shares as the whole.

    Returns
    -------
    train, validation, test : ndarray of int
        Row numbers, in random order. Each row is in one of them.

    Raises
    ------
    ShapeError
        Where `x` and `y` differ in length or are empty.
    ArgumentError
        Where the sizes leave a part without a row, or `seed` is none.

    Notes
    -----
    The rows are those that scikit-learn's ``train_test_split`` gives when called twice with
    ``random_state=seed``.

    Examples
    --------
    >>> x, y = np.zeros((70000, 1)), np.zeros(70000)
    >>> [len(rows) for rows in train_validation_test_split(x, y)]
    [44800, 11200, 14000]
    """
    images, labels = as_numbers(x, "x"), as_numbers(y, "y")
    if images.ndim == 0 or labels.ndim == 0 or len(images) != len(labels) or len(images) == 0:
        raise ShapeError(
            "x and y are not one data set",
            expected="one label for each row of x, and at least one row",
            found=f"x of shape {images.shape} and y of shape {labels.shape}",
            mend="check that images and labels are of the same set",
        )
    for name, size in (("test_size", test_size), ("validation_size", validation_size)):
        if not isinstance(size, float) or not 0 < size < 1:
            raise ArgumentError(
                f"{name} is not a part of the data",
                expected="a number between 0 and 1",
                found=repr(size),
                mend=f"write {name}=0.2 for a fifth",
            )
    if stratify and labels.ndim > 1:
        labels = labels.argmax(axis=1)
    rest, test = _split(np.arange(len(images)), test_size, seed, labels if stratify else None)
    train, validation = _split(rest, validation_size, seed, labels if stratify else None)
    return train, validation, test


def _split(rows: Rows, size: float, seed: int, labels: Array | None) -> tuple[Rows, Rows]:
    from sklearn.model_selection import train_test_split  # slow to import

    classes = None if labels is None else labels[rows]
    try:
        kept, drawn = train_test_split(rows, test_size=size, random_state=seed, stratify=classes)
    except ValueError as error:
        raise ArgumentError(
            f"{len(rows)} rows cannot be split like this",
            expected="at least one row in each part, and a seed from 0 to 4294967295",
            found=" ".join(str(error).split()),
            mend="take more rows, another size or another seed, or stratify=False",
        ) from error
    return kept, drawn
