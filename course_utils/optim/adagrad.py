"""Adagrad: steps scaled by the root of all squared gradients so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from course_utils.autograd import Tensor
from course_utils.nn.inputs import checked_number
from course_utils.optim.optimizer import Array, Optimizer


class Adagrad(Optimizer):
    r"""Adagrad.

    .. math:: G \leftarrow G + g^2, \qquad
              w \leftarrow w - \frac{\eta}{1 + (t - 1) \eta_d} \frac{g}{\sqrt{G} + \epsilon}

    Parameters
    ----------
    params : iterable of Tensor
    lr : float
        η.
    lr_decay : float
        η_d.
    weight_decay : float
        λ: λ w is added to the gradient.
    initial_accumulator_value : float
        G before the first step.
    eps : float
        ε.

    Notes
    -----
    As in PyTorch. Source: Duchi, Hazan and Singer, *Adaptive Subgradient Methods* (2011).
    """

    state_names: ClassVar[tuple[str, ...]] = ("sum",)

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
    ) -> None:
        self.lr_decay = checked_number(lr_decay, "lr_decay")
        self.eps = checked_number(eps, "eps")
        self._start = checked_number(initial_accumulator_value, "initial_accumulator_value")
        super().__init__(params, lr, weight_decay)

    def starting_state(self, name: str, weights: Array) -> Array:
        """Return G before the first step."""
        return np.full(weights.shape, self._start, weights.dtype)

    def update(
        self, weights: Array, gradient: Array, state: list[Array], step: int, work: list[Array]
    ) -> None:
        """Update one block; see `Optimizer.update`."""
        g, change = gradient, work[1]
        (total,) = state
        if self.weight_decay:
            g = np.multiply(weights, self.weight_decay, out=work[0])
            g += gradient
        np.multiply(g, g, out=change)
        total += change
        np.sqrt(total, out=change)
        change += self.eps
        np.divide(g, change, out=change)
        change *= self.lr / (1 + (step - 1) * self.lr_decay)
        weights -= change
