"""`DataLoader`: a data set in mini-batches, in a new order in every epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from course_utils.arrays import Array, as_numbers, check_finite, is_whole
from course_utils.data.compose import Compose
from course_utils.errors import ArgumentError, ShapeError
from course_utils.seeding import checked_generator, get_generator

Augmentation = Callable[..., Any]


class DataLoader:
    """Mini-batches of images and labels, to be used in a ``for`` loop; each loop is one epoch.

    The data set is never copied. A batch in the order of the data is a view of it that cannot be
    written to; any other batch is a new array.

    Parameters
    ----------
    x : array_like, shape (count, ...)
        Images, or any rows.
    y : array_like, shape (count, ...)
        One label for each row of `x`: class numbers, or one-hot rows.
    batch_size : int
        Rows in a batch. The last batch of an epoch may be smaller.
    shuffle : bool
        Whether each epoch has a new random order. Without, batches come in the order of the data.
    drop_last : bool
        Whether a smaller last batch is left out. Batch normalisation cannot train on a single row.
    augment : function, optional
        ``augment(images, generator) -> images``, called on the images of each batch; see
        `course_utils.augmentation`. A function that needs no generator, such as `normalize`, is
        called with the images alone.
    rows : array_like of int, shape (n,), optional
        Use these rows of the data set alone, such as one part of `train_validation_test_split`.
    generator : numpy.random.Generator, optional
        Where the orders and the augmentation are drawn from. Without one it is the library's own,
        so that `set_seed` makes them repeatable.

    Attributes
    ----------
    x, y : ndarray
        The data set.
    n_samples : int
        Rows handed out in one epoch.

    Raises
    ------
    ShapeError
        Where `x` and `y` differ in length or are empty, or no batch is left with `drop_last`.
    ArgumentError
        Where another argument makes no sense, or the images hold NaN or infinity.

    Notes
    -----
    Each epoch begins by drawing one number, and all chance in the epoch comes from a generator
    with that seed. So the epoch's order does not depend on what is drawn meanwhile (starting
    weights, dropout), and a training that was interrupted repeats epoch k by putting the
    generator's state from before epoch k back: ``generator.bit_generator.state = saved``.

    Examples
    --------
    >>> x, y = np.arange(10.0).reshape(5, 2), np.arange(5)
    >>> loader = DataLoader(x, y, batch_size=2)
    >>> len(loader), loader.n_samples
    (3, 5)
    >>> for images, labels in loader:
    ...     print(images.shape, labels)
    (2, 2) [0 1]
    (2, 2) [2 3]
    (1, 2) [4]
    """

    def __init__(
        self,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        batch_size: int = 32,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        augment: Augmentation | None = None,
        rows: npt.ArrayLike | None = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.x, self.y = _checked_data(x, y)
        self.rows = _checked_rows(rows, len(self.x))
        self.batch_size = _checked_batch_size(batch_size)
        self.shuffle = bool(shuffle)
        self.drop_last = bool(drop_last)
        self.augment = _checked_augmentation(augment)
        self.generator = None if generator is None else checked_generator(generator)
        if len(self) == 0:
            raise ShapeError(
                "drop_last leaves no batch at all",
                expected=f"at least one full batch of {self.batch_size} rows",
                found=f"{self._count} rows",
                mend="take a smaller batch_size, or drop_last=False",
            )

    @property
    def _count(self) -> int:
        return len(self.x) if self.rows is None else len(self.rows)

    @property
    def n_samples(self) -> int:
        """Rows handed out in one epoch."""
        return len(self) * self.batch_size if self.drop_last else self._count

    def __len__(self) -> int:
        """Return the number of batches in one epoch."""
        full, rest = divmod(self._count, self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    def __repr__(self) -> str:
        return (
            f"DataLoader({self._count} rows, batch_size={self.batch_size}, "
            f"shuffle={self.shuffle}: {len(self)} batches)"
        )

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        """Yield the batches of one epoch, as (images, labels)."""
        # A fixed order, at most normalised, draws nothing: a loop over the validation data must
        # not change what the training draws after it.
        generator = None
        if self.shuffle or (self.augment is not None and self.augment.draws):
            source = get_generator() if self.generator is None else self.generator
            generator = np.random.default_rng(source.integers(2**63))
        return self._batches(generator)

    def _batches(self, generator: np.random.Generator | None) -> Iterator[tuple[Array, Array]]:
        order = self.rows
        if self.shuffle and generator is not None:
            order = generator.permutation(self._count if order is None else order)
        for start in range(0, self.n_samples, self.batch_size):
            batch = slice(start, start + self.batch_size)
            if order is None:
                images, labels = _read_only(self.x[batch]), _read_only(self.y[batch])
            else:
                images, labels = self.x[order[batch]], self.y[order[batch]]
            if self.augment is not None:
                images = _augmented(images, self.augment, generator)
            yield images, labels


def _read_only(view: Array) -> Array:
    """Return the view, through which the data set cannot be changed by mistake."""
    view.flags.writeable = False
    return view


def _augmented(images: Array, augment: Compose, generator: np.random.Generator | None) -> Array:
    augmented = augment(images, generator)
    if np.shape(augmented)[:1] != (len(images),):
        raise ShapeError(
            "augment changed the number of images",
            expected=f"{len(images)} images, one for each label",
            found="None" if augmented.dtype == object else f"an array of shape {augmented.shape}",
            mend="return one image for each image that came in",
        )
    return augmented


def _checked_data(x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Array, Array]:
    images, labels = as_numbers(x, "x"), as_numbers(y, "y")
    if images.ndim == 0 or labels.ndim == 0 or len(images) != len(labels) or images.size == 0:
        raise ShapeError(
            "x and y are not one data set",
            expected="one label for each row of x, and at least one row",
            found=f"x of shape {images.shape} and y of shape {labels.shape}",
            mend="check that images and labels are of the same set",
        )
    for name, array in (("x", images), ("y", labels)):
        # NaN is the largest and the smallest of all numbers to numpy; no array is made for this.
        if not (np.isfinite(array.max()) and np.isfinite(array.min())):
            check_finite(array, name)
    return images, labels


def _checked_rows(rows: npt.ArrayLike | None, count: int) -> Array | None:
    if rows is None:
        return None
    numbers = as_numbers(rows, "rows")
    if (
        numbers.dtype.kind not in "iu"
        or numbers.ndim != 1
        or numbers.size == 0
        or not 0 <= numbers.min() <= numbers.max() < count
    ):
        raise ArgumentError(
            "rows does not choose rows of the data set",
            expected=f"a list of row numbers from 0 to {count - 1}",
            found=f"an array of shape {numbers.shape} and dtype {numbers.dtype}",
            mend="use what train_validation_test_split returns, or np.flatnonzero(mask)",
        )
    return numbers


def _checked_batch_size(batch_size: int) -> int:
    if not is_whole(batch_size) or batch_size < 1:
        raise ArgumentError(
            "batch_size must count something",
            expected="a whole number of at least 1",
            found=repr(batch_size),
            mend="write batch_size=32, for instance",
        )
    return int(batch_size)


def _checked_augmentation(augment: Augmentation | None) -> Compose | None:
    if augment is None:
        return None
    if not callable(augment):
        raise ArgumentError(
            "augment cannot be called",
            expected="a function of a batch of images and a generator",
            found=repr(augment),
            mend="use augmentation.random_affine, or augmentation.Compose([...])",
        )
    return augment if isinstance(augment, Compose) else Compose([augment])
