"""Copies of a model's weights, to go back to them later."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_utils.arrays import Array
from course_utils.errors import ArgumentError

Weights = dict[str, Array]


def copy_weights(model: Any) -> Weights:
    """Return copies of a model's weights by name, with its buffers where it has a state_dict."""
    if hasattr(model, "state_dict"):
        return {name: np.array(value) for name, value in model.state_dict().items()}
    return {str(place): np.array(item.data) for place, item in enumerate(_parameters(model))}


def load_weights(model: Any, weights: Weights) -> None:
    """Give a model the weights that `copy_weights` returned, in place."""
    if hasattr(model, "load_state_dict"):
        model.load_state_dict({name: value.copy() for name, value in weights.items()})
        return
    for place, item in enumerate(_parameters(model)):
        item.data[...] = weights[str(place)]


def _parameters(model: Any) -> list[Any]:
    parameters = getattr(model, "parameters", None)
    if parameters is None:
        raise ArgumentError(
            "this model's weights cannot be copied",
            expected="an object with state_dict() and load_state_dict(), or with parameters()",
            found=f"an object of type {type(model).__name__}",
            mend="derive the model from nn.Module, or set restore_best=False",
        )
    return list(parameters() if callable(parameters) else parameters)
