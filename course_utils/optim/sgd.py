"""Stochastic gradient descent, with momentum and weight decay."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from course_utils.autograd import Tensor
from course_utils.errors import ArgumentError
from course_utils.nn.inputs import checked_number
from course_utils.optim.optimizer import Array, Optimizer


class SGD(Optimizer):
    r"""Stochastic gradient descent.

    .. math::
        g \leftarrow g + \lambda w, \qquad
        v \leftarrow \mu v + g, \qquad
        w \leftarrow w - \eta v

    Parameters
    ----------
    params : iterable of Tensor
    lr : float
        η.
    momentum : float
        μ; 0 for plain gradient descent. The velocity v starts as the first gradient.
    weight_decay : float
        λ, added to the gradient of every parameter.
    nesterov : bool
        Step along g + μ v instead of v.

    Notes
    -----
    As in PyTorch. Source: Sutskever et al., *On the importance of initialization and momentum in
    deep learning* (2013), section 2.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        self.momentum = checked_number(momentum, "momentum")
        self.nesterov = bool(nesterov)
        if self.nesterov and self.momentum == 0:
            raise ArgumentError(
                "Nesterov's step looks ahead along the velocity, and there is none",
                expected="a momentum above zero",
                found=f"momentum {momentum}",
                mend="call SGD(..., momentum=0.9, nesterov=True)",
            )
        self.state_names = ("velocity",) if self.momentum else ()  # type: ignore[misc]
        super().__init__(params, lr, weight_decay)

    def update(
        self, weights: Array, gradient: Array, state: list[Array], step: int, work: list[Array]
    ) -> None:
        """Update one block; see `Optimizer.update`."""
        g, change = gradient, work[1]
        if self.weight_decay:
            g = np.multiply(weights, self.weight_decay, out=work[0])
            g += gradient
        if self.momentum:
            (velocity,) = state
            velocity *= self.momentum
            velocity += g
            if self.nesterov:
                np.multiply(velocity, self.momentum, out=change)
                change += g
                g = change
            else:
                g = velocity
        np.multiply(g, self.lr, out=change)
        weights -= change
