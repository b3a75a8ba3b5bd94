"""The two models of the experiments: softmax regression, and a deep network of equal blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from course_utils.autograd import Tensor
from course_utils.errors import ArgumentError
from course_utils.nn import BatchNorm1d, Dropout, Linear, Module, ReLU, Sequential, init
from course_utils.training.config import TrainingConfig


class SoftmaxRegression(Module):
    """One linear layer from the pixels to a score for each class.

    Parameters
    ----------
    input_size, output_size : int
        Features of an image and number of classes.
    dropout_rate : float
        Probability that a pixel is dropped while training.

    Notes
    -----
    The softmax itself is part of the loss: the model returns logits. All weights start at zero:
    the loss has no other minimum than its global one, so there is nothing to break a symmetry
    for, and the first loss is log(classes) exactly.

    Examples
    --------
    >>> SoftmaxRegression(784, 10)
    SoftmaxRegression(
      (dropout): Dropout(0)
      (linear): Linear(784, 10)
    )
    """

    def __init__(self, input_size: int, output_size: int, dropout_rate: float = 0.0) -> None:
        self.dropout = Dropout(dropout_rate)
        self.linear = Linear(input_size, output_size)
        for parameter in self.linear.parameters():
            init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (batch, output_size) for images (batch, input_size)."""
        logits: Tensor = self.linear(self.dropout(x))
        return logits


class DeepBigSimpleNet(Module):
    """Blocks of Linear, BatchNorm, ReLU and Dropout, and a linear layer at the end.

    Parameters
    ----------
    input_size : int
    hidden_sizes : sequence of int
        Units of each block. [2500, 2000, 1500] where it is left out.
    num_classes : int
    dropout_rate : float
        Probability that a hidden unit is dropped while training.

    Notes
    -----
    Weights start from N(0, 2 / n_in), biases from 0: He et al., *Delving Deep into Rectifiers*
    (2015). "Big, deep, simple" nets on MNIST, with deformed images: Ciresan et al., *Deep, Big,
    Simple Neural Nets for Handwritten Digit Recognition* (2010).

    Examples
    --------
    >>> DeepBigSimpleNet(hidden_sizes=[40], dropout_rate=0.1)
    DeepBigSimpleNet(
      (layers): Sequential(
        (0): Linear(784, 40)
        (1): BatchNorm1d(40)
        (2): ReLU()
        (3): Dropout(0.1)
        (4): Linear(40, 10)
      )
    )
    """

    def __init__(
        self,
        input_size: int = 784,
        hidden_sizes: Sequence[int] | None = None,
        num_classes: int = 10,
        dropout_rate: float = 0.5,
    ) -> None:
        given = [2500, 2000, 1500] if hidden_sizes is None else hidden_sizes
        hidden = list(given) if isinstance(given, Iterable) else [given]
        layers: list[Module] = []
        for n_in, n_out in zip([input_size, *hidden], hidden, strict=False):
            layers += [_he_linear(n_in, n_out), BatchNorm1d(n_out), ReLU(), Dropout(dropout_rate)]
        self.layers = Sequential(*layers, _he_linear([input_size, *hidden][-1], num_classes))

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (batch, num_classes) for images (batch, input_size)."""
        logits: Tensor = self.layers(x)
        return logits


def make_model(config: TrainingConfig) -> Module:
    """Return the model that a configuration describes: softmax regression without hidden sizes.

    Its weights are drawn from the library's generator: call `set_seed` before.
    """
    if not isinstance(config, TrainingConfig):
        raise ArgumentError(
            "this is no configuration",
            expected="a TrainingConfig",
            found=repr(config)[:200],
            mend="write TrainingConfig(hidden_sizes=[256]), for instance",
        )
    if not config.hidden_sizes:
        return SoftmaxRegression(config.input_size, config.output_size, config.dropout_rate)
    return DeepBigSimpleNet(
        config.input_size, config.hidden_sizes, config.output_size, config.dropout_rate
    )


def _he_linear(n_in: int, n_out: int) -> Linear:
    layer = Linear(n_in, n_out)
    init.he_normal_(layer.weight)
    if layer.bias is not None:
        init.zeros_(layer.bias)
    return layer
