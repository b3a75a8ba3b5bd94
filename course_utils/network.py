"""The baseline of the labs: a fully connected network of sigmoids with squared error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from course_utils.arrays import (
    Array,
    FloatArray,
    as_float_type,
    as_floats,
    as_numbers,
    check_finite,
    is_number,
    is_whole,
)
from course_utils.errors import ArgumentError, ShapeError
from course_utils.functions import sigmoid
from course_utils.progress import progress_bar
from course_utils.seeding import get_generator

# Images (count, N_in) and one-hot labels (count, N_out).
DataSet = tuple[npt.ArrayLike, npt.ArrayLike]


class Network:
    """Fully connected network: sigmoid on every layer, mean squared error, plain SGD.

    Subclasses change one thing each: `feedforward` and `backprop` for another output or another
    loss, `learning_step` for another optimizer. `train` calls `learning_step`, which calls
    `backprop`; `evaluate` calls `feedforward`.

    Parameters
    ----------
    sizes : sequence of int
        Units per layer, from the input to the output; at least two.
    dtype : float type
        In which the network computes and keeps its parameters. ``np.float32`` takes half the
        memory and about half the time; training then works on mini-batches of that type,
        whatever type the images have.

    Attributes
    ----------
    sizes : tuple of int
    num_layers : int
        Number of layers with weights: ``len(weights)``.
    weights : list of ndarray, shapes (N_out, N_in)
        Drawn from N(0, 1) / sqrt(N_in), so that a unit's input starts with a spread of about 1.
    biases : list of ndarray, shapes (N_out,)
        Drawn from N(0, 1).

    Raises
    ------
    ArgumentError
        Where `sizes` is not a sequence of at least two positive whole numbers, or `dtype` is
        not a float type.

    Notes
    -----
    Weights come from the library's own generator: call `set_seed` before making a network to get
    the same one again. Formulas: M. Nielsen, *Neural Networks and Deep Learning* (2015),
    chapters 2 and 3; here for a whole batch at once.

    Examples
    --------
    >>> network = Network((784, 30, 10))
    >>> [w.shape for w in network.weights], [b.shape for b in network.biases]
    ([(30, 784), (10, 30)], [(30,), (10,)])
    >>> network.feedforward(np.zeros((5, 784))).shape
    (5, 10)
    """

    def __init__(
        self, sizes: Sequence[int] = (784, 30, 10), dtype: npt.DTypeLike = np.float64
    ) -> None:
        self.sizes = checked_sizes(sizes)
        kind = as_float_type(dtype)
        pairs = list(zip(self.sizes[:-1], self.sizes[1:], strict=True))
        generator = get_generator()
        self.weights: list[FloatArray] = [
            (generator.normal(size=(n_out, n_in)) / np.sqrt(n_in)).astype(kind)
            for n_in, n_out in pairs
        ]
        self.biases: list[FloatArray] = [
            generator.normal(size=n_out).astype(kind) for _, n_out in pairs
        ]
        self.num_layers = len(self.weights)

    def feedforward(self, x: npt.ArrayLike) -> FloatArray:
        """Return the network's output for a batch.

        Parameters
        ----------
        x : array_like, shape (batch, N_in)

        Returns
        -------
        ndarray, shape (batch, N_out)

        Raises
        ------
        ShapeError
            Where `x` is not a batch of rows of N_in values.
        """
        a = _checked_rows(x, "x", self.sizes[0])  # (batch, N_in)
        for w, b in zip(self.weights, self.biases, strict=True):
            a = sigmoid(a @ w.T + b)  # (batch, N_in) @ (N_in, N_out) + (N_out,)
        return a

    def backprop(
        self, x: npt.ArrayLike, y: npt.ArrayLike
    ) -> tuple[list[FloatArray], list[FloatArray]]:
        r"""Return the gradient of the loss on a batch.

        The loss is the mean of the squared error over the batch and over the outputs,
        :math:`C = \frac{1}{B N} \sum_b \sum_j (a_{bj} - y_{bj})^2`.

        Parameters
        ----------
        x : array_like, shape (batch, N_in)
        y : array_like, shape (batch, N_out)
            Targets, one-hot for classes.

        Returns
        -------
        grads_w : list of ndarray, shapes of `weights`
        grads_b : list of ndarray, shapes of `biases`

        Raises
        ------
        ShapeError
            Where `x` and `y` do not fit the network or each other, or are empty.
        """
        a = _checked_rows(x, "x", self.sizes[0])
        targets = _checked_rows(y, "y", self.sizes[-1])
        if len(a) != len(targets) or len(a) == 0:
            raise ShapeError(
                "x and y are not one batch",
                expected="the same number of rows in both, and at least one",
                found=f"x of shape {a.shape} and y of shape {targets.shape}",
                mend="take the same rows of images and labels",
            )
        activations = [a]
        for w, b in zip(self.weights, self.biases, strict=True):
            activations.append(sigmoid(activations[-1] @ w.T + b))

        grads_w: list[FloatArray] = []
        grads_b: list[FloatArray] = []
        upstream = self.cost_derivative(activations[-1], targets)  # dC/da of the last layer
        for layer in reversed(range(len(self.weights))):
            a = activations[layer + 1]
            delta = upstream * a * (1 - a)  # dC/dz (batch, N_out); sigmoid' = a (1 - a)
            grads_w.append(delta.T @ activations[layer])  # (N_out, batch) @ (batch, N_in)
            grads_b.append(delta.sum(axis=0))
            if layer > 0:  # nothing below the first layer needs a gradient
                upstream = delta @ self.weights[layer]  # (batch, N_out) @ (N_out, N_in)
        return grads_w[::-1], grads_b[::-1]

    def cost_derivative(self, a: npt.ArrayLike, y: npt.ArrayLike) -> FloatArray:
        """Return the derivative of the mean squared error by the output activations.

        Parameters
        ----------
        a, y : array_like, shape (batch, N_out)
            Output and targets.

        Returns
        -------
        ndarray, shape (batch, N_out)
            ``2 (a - y) / (batch * N_out)``

        Raises
        ------
        ShapeError
            Where the shapes differ.
        """
        output, targets = as_floats(a, "a"), as_floats(y, "y")
        if output.shape != targets.shape:
            raise ShapeError(
                "output and targets do not fit each other",
                expected="the same shape: a target for each output",
                found=f"a of shape {output.shape} and y of shape {targets.shape}",
                mend="hand over one-hot rows, one for each row of the output",
            )
        return 2 * (output - targets) / output.size

    def learning_step(
        self, x_mini_batch: npt.ArrayLike, y_mini_batch: npt.ArrayLike, learning_rate: float
    ) -> None:
        """Take one step of gradient descent on a mini-batch.

        Parameters
        ----------
        x_mini_batch : array_like, shape (batch, N_in)
        y_mini_batch : array_like, shape (batch, N_out)
        learning_rate : float
        """
        grads_w, grads_b = self.backprop(x_mini_batch, y_mini_batch)
        self.weights = _moved(self.weights, grads_w, learning_rate)
        self.biases = _moved(self.biases, grads_b, learning_rate)

    def evaluate(self, x: npt.ArrayLike, y: npt.ArrayLike) -> float:
        """Return the accuracy: the part of the rows whose largest output is the right class.

        Parameters
        ----------
        x : array_like, shape (count, N_in)
        y : array_like, shape (count, N_out)
            One-hot labels.

        Returns
        -------
        float
            From 0 to 1.

        Raises
        ------
        ShapeError
            Where `x` and `y` do not fit the network or each other, or are empty.
        ArgumentError
            Where `x` holds NaN.
        """
        images, labels = _checked_data((x, y), "(x, y)", self.sizes)
        outputs = self.feedforward(images)
        if np.isnan(outputs).any():
            check_finite(images, "x")
        return float(np.mean(outputs.argmax(axis=1) == labels.argmax(axis=1)))

    def train(
        self,
        training_data: DataSet,
        test_data: DataSet | None = None,
        epochs: int = 2,
        mini_batch_size: int = 100,
        learning_rate: float = 1.0,
    ) -> float:
        """Train on mini-batches, in a new random order in every epoch.

        Parameters
        ----------
        training_data : tuple of (x, y)
            Images (count, N_in) and one-hot labels (count, N_out). Neither is copied.
        test_data : tuple of (x, y), optional
            Evaluated after every epoch; the progress bar shows the accuracy.
        epochs : int
            Passes over the training data.
        mini_batch_size : int
            Rows per step. The last mini-batch of an epoch may be smaller.
        learning_rate : float
            Handed on to `learning_step`.

        Returns
        -------
        float
            The last test accuracy, from 0 to 1; -1 without test data.

        Raises
        ------
        ShapeError
            Where data does not fit the network.
        ArgumentError
            Where `epochs` or `mini_batch_size` is not a positive whole number, `learning_rate` is
            negative or no number, or the data holds NaN or infinity.
        """
        x, y = _checked_data(training_data, "training_data", self.sizes)
        test = None if test_data is None else _checked_data(test_data, "test_data", self.sizes)
        for name, value in (("epochs", epochs), ("mini_batch_size", mini_batch_size)):
            if not is_whole(value) or value < 1:
                raise ArgumentError(
                    f"{name} must count something",
                    expected="a whole number of at least 1",
                    found=repr(value),
                    mend=f"call train(..., {name}=10), for instance",
                )
        if not is_number(learning_rate) or learning_rate < 0:
            raise ArgumentError(
                "this is not a learning rate",
                expected="a finite number of at least 0",
                found=repr(learning_rate),
                mend="call train(..., learning_rate=1.0), for instance",
            )
        kind = self.weights[0].dtype
        accuracy = -1.0
        steps = -(-len(x) // mini_batch_size)
        with progress_bar(epochs * steps, "training", "batch") as bar:
            for epoch in range(1, epochs + 1):
                bar.set_description(f"epoch {epoch}/{epochs}", refresh=False)
                order = get_generator().permutation(len(x))
                for start in range(0, len(x), mini_batch_size):
                    rows = order[start : start + mini_batch_size]
                    self.learning_step(
                        x.take(rows, axis=0).astype(kind, copy=False),
                        y.take(rows, axis=0).astype(kind, copy=False),
                        learning_rate,
                    )
                    bar.update()
                # Such weights come from such data, or from too high a learning rate. The data is
                # looked through only now, for that takes a tenth of an epoch.
                if not np.isfinite(self.weights[0]).all():
                    check_finite(x, "training_data[0]")
                    check_finite(y, "training_data[1]")
                if test is not None:
                    accuracy = self.evaluate(*test)
                    bar.set_postfix_str(f"test accuracy {accuracy:.2%}", refresh=False)
        return accuracy


def checked_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the sizes of a network's layers as whole numbers, or raise an ArgumentError."""
    try:
        checked = tuple(int(size) for size in sizes)
        valid = len(checked) >= 2 and all(
            size == given and size > 0 for size, given in zip(checked, sizes, strict=True)
        )
    except (TypeError, ValueError):
        valid = False
    if not valid:
        raise ArgumentError(
            "these are not the sizes of a network",
            expected="at least two positive whole numbers, from the input to the output",
            found=repr(sizes),
            mend="call Network((784, 30, 10)), for instance",
        )
    return checked


def _checked_rows(values: npt.ArrayLike, name: str, columns: int) -> FloatArray:
    rows = as_floats(values, name)
    _check_columns(rows, name, columns)
    return rows


def _check_columns(rows: Array, name: str, columns: int) -> None:
    if rows.ndim != 2 or rows.shape[1] != columns:
        raise ShapeError(
            f"{name} does not fit this network",
            expected=f"shape (batch, {columns})",
            found=f"shape {rows.shape}",
            mend=f"use {name}[np.newaxis] for a single row; labels must be one-hot",
        )


def _checked_data(data: DataSet, name: str, sizes: tuple[int, ...]) -> tuple[Array, Array]:
    """Return images and labels, not copied: whole numbers become floats batch by batch."""
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise ArgumentError(
            f"{name} is not a pair",
            expected="a tuple of images and one-hot labels",
            found=f"{len(data)} items" if isinstance(data, tuple | list) else type(data).__name__,
            mend="hand over (x_train, y_train), for instance",
        )
    x, y = as_numbers(data[0], f"{name}[0]"), as_numbers(data[1], f"{name}[1]")
    _check_columns(x, f"{name}[0]", sizes[0])
    _check_columns(y, f"{name}[1]", sizes[-1])
    if len(x) != len(y) or len(x) == 0:
        raise ShapeError(
            f"the two parts of {name} do not fit each other",
            expected="one row of labels for each image, and at least one image",
            found=f"{len(x)} images and {len(y)} rows of labels",
            mend="check that images and labels are of the same set",
        )
    return x, y


def _moved(
    parameters: list[FloatArray], gradients: list[FloatArray], learning_rate: float
) -> list[FloatArray]:
    """Return ``p - learning_rate * g`` for each parameter, in the parameter's float type.

    The arrays are new, so that weights kept from before the step stay what they were. The step
    and the result share one array: a second one of this size costs more than the arithmetic.
    """
    moved = []
    for p, g in zip(parameters, gradients, strict=True):
        step = np.multiply(learning_rate, g, dtype=p.dtype)
        moved.append(np.subtract(p, step, out=step))
    return moved
