"""Layers, losses and what belongs to them; names and defaults as in PyTorch.

A module is one idea: `module` (what a layer is), `linear`, `activations`, `dropout`,
`batch_norm`, `layer_norm`, `attention`, `containers`, `mse_loss`, `cross_entropy_loss`, `init`
(starting weights), `clip` (gradient clipping). What costs time is one step of the graph with a
backward rule of its own, in the function beside the layer.
"""

from course_utils.nn import init
from course_utils.nn.activations import GELU, ReLU, Sigmoid, Tanh
from course_utils.nn.attention import MultiheadAttention
from course_utils.nn.batch_norm import BatchNorm1d
from course_utils.nn.clip import clip_grad_norm_, clip_grad_value_
from course_utils.nn.containers import Flatten, Sequential
from course_utils.nn.cross_entropy_loss import CrossEntropyLoss
from course_utils.nn.dropout import Dropout
from course_utils.nn.layer_norm import LayerNorm
from course_utils.nn.linear import Linear
from course_utils.nn.module import Module, Parameter
from course_utils.nn.mse_loss import MSELoss

__all__ = [
    "GELU",
    "BatchNorm1d",
    "CrossEntropyLoss",
    "Dropout",
    "Flatten",
    "LayerNorm",
    "Linear",
    "MSELoss",
    "Module",
    "MultiheadAttention",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "clip_grad_norm_",
    "clip_grad_value_",
    "init",
]
