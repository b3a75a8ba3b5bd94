"""Adam and AdamW: steps scaled by running averages of the gradient and of its square."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from course_utils.autograd import Tensor
from course_utils.errors import ArgumentError
from course_utils.nn.inputs import checked_number
from course_utils.optim.optimizer import Array, Optimizer


class Adam(Optimizer):
    r"""Adam.

    .. math::
        m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad
        v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \qquad
        w \leftarrow w - \eta \, \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    params : iterable of Tensor
    lr : float
        η.
    betas : pair of float
        β₁ and β₂, from 0 to below 1.
    eps : float
        ε.
    weight_decay : float
        λ: λ w is added to the gradient. See `AdamW` for the decoupled form.

    Notes
    -----
    As in PyTorch. Source: Kingma and Ba, *Adam* (2015), algorithm 1.
    """

    state_names: ClassVar[tuple[str, ...]] = ("mean", "square")

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        pair = tuple(betas) if isinstance(betas, Iterable) else (betas,)
        self.betas = tuple(checked_number(beta, "each of betas", 0, 1) for beta in pair)
        if len(self.betas) != 2 or 1 in self.betas:
            raise ArgumentError(
                "betas is outside the values that make sense",
                expected="two numbers from 0 to below 1",
                found=repr(betas),
                mend="call it with betas=(0.9, 0.999)",
            )
        self.eps = checked_number(eps, "eps")
        super().__init__(params, lr, weight_decay)

    def update(
        self, weights: Array, gradient: Array, state: list[Array], step: int, work: list[Array]
    ) -> None:
        """Update one block; see `Optimizer.update`."""
        g = self.decayed(weights, gradient, work[0])
        change = work[1]
        mean, square = state
        beta1, beta2 = self.betas

        mean *= beta1
        np.multiply(g, 1 - beta1, out=change)
        mean += change

        np.multiply(g, g, out=change)
        change *= 1 - beta2
        square *= beta2
        square += change

        # The formula with the roots of the corrections taken out, to save passes:
        # lr / c1 * m / (sqrt(v) / sqrt(c2) + eps), with c = 1 - beta ** t.
        root = math.sqrt(1 - beta2**step)
        np.sqrt(square, out=change)
        change += self.eps * root
        np.divide(mean, change, out=change)
        change *= self.lr * root / (1 - beta1**step)
        weights -= change

    def decayed(self, weights: Array, gradient: Array, work: Array) -> Array:
        """Apply the weight decay and return the gradient to go on with."""
        if not self.weight_decay:
            return gradient
        np.multiply(weights, self.weight_decay, out=work)
        work += gradient
        return work


class AdamW(Adam):
    r"""Adam with decoupled weight decay: :math:`w \leftarrow w - \eta \lambda w`, then Adam's step.

    Parameters
    ----------
    params, lr, betas, eps
        As for `Adam`.
    weight_decay : float
        λ. It does not enter the running averages.

    Notes
    -----
    As in PyTorch. Source: Loshchilov and Hutter, *Decoupled Weight Decay Regularization* (2019),
    algorithm 2.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)

    def decayed(self, weights: Array, gradient: Array, work: Array) -> Array:
        """Shrink the weights; the gradient stays as it is."""
        if self.weight_decay:
            weights *= 1 - self.lr * self.weight_decay
        return gradient
