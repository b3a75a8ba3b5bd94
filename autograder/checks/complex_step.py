"""`gradients`: exact reference gradients, by another way than the student's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.errors import GradlabError

# Its square is lost beside 1, and a slope times it is far from underflow.
_STEP = 1e-30

Floats = NDArray[np.float64]


def gradients(
    loss: Callable[[list[NDArray[np.complex128]], list[NDArray[np.complex128]]], Any],
    weights: Sequence[NDArray[Any]],
    biases: Sequence[NDArray[Any]],
) -> tuple[list[Floats], list[Floats]]:
    """Return the gradients of a loss by weights and biases, one entry after the other.

    Each entry is ``Im loss(w + ih) / h``: the complex step, which has no difference to cancel.
    It calls the loss once for each entry, so it is meant for small networks.

    Parameters
    ----------
    loss : callable
        ``loss(weights, biases)``, a number. It is called with complex arrays and must be analytic
        in them: no ``abs``, ``.real`` or ``.conj()`` on the way. A comparison looks at the real
        part alone, as in ``np.where(z.real > 0, z, 0)``.
    weights, biases : sequence of ndarray, any shapes
        Where the gradients are taken. They are not changed.

    Returns
    -------
    tuple of two lists of ndarray
        The gradients by the weights and by the biases, in float64, each of the shape of what it
        is the gradient of.

    Raises
    ------
    GradlabError
        If the loss returns no complex number: then the imaginary part was lost on the way, and
        every slope would be 0.

    References
    ----------
    W. Squire and G. Trapp, "Using complex variables to estimate derivatives of real functions",
    SIAM Review 40 (1998), 110-112.

    Examples
    --------
    >>> by_weights, by_biases = gradients(
    ...     lambda w, b: np.sum(w[0] ** 2) + 3 * b[0][1], [np.array([[1.0, -2.0]])], [np.zeros(2)]
    ... )
    >>> by_weights[0].tolist(), by_biases[0].tolist()
    ([[2.0, -4.0]], [0.0, 3.0])
    """
    complex_weights = [np.array(w, dtype=complex) for w in weights]
    complex_biases = [np.array(b, dtype=complex) for b in biases]

    def slopes(array: NDArray[np.complex128]) -> Floats:
        out = np.empty(array.shape)
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + 1j * _STEP
            value = loss(complex_weights, complex_biases)
            if not np.iscomplexobj(value):
                raise GradlabError(
                    "the loss returns no complex number for complex weights",
                    expected="a complex number, whose imaginary part is the slope times the step",
                    found=type(value).__name__,
                    mend="write the loss without abs, .real and conversions to float",
                )
            out[place] = value.imag / _STEP
            array[place] = kept
        return out

    return [slopes(w) for w in complex_weights], [slopes(b) for b in complex_biases]
