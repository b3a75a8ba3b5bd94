"""The engine: results that remember how they were made, and the walk back through them.

Every operation computes its result with numpy and hands it to `record`, together with its inputs
and a rule. The rule takes the gradient of the final value with respect to the operation's
*result*, and returns the gradients with respect to its *inputs*: the chain rule, one link at a
time. `run_backward` calls the rules from the youngest result to the oldest.

Method: reverse accumulation; Griewank and Walther, *Evaluating Derivatives* (2008), chapter 3.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from course_utils.autograd.recording import mode
from course_utils.errors import ArgumentError, ShapeError

if TYPE_CHECKING:
    from course_utils.autograd.tensor import Tensor

Array = npt.NDArray[Any]

# Decorator for operations: overflow gives infinity and 0 / 0 gives NaN, without warnings. They are
# for the caller to see in the values, once, and not for each operation of a diverging training.
quiet = np.errstate(all="ignore")

# Gradient of the result -> one gradient for each input, None for an input that needs none.
# A rule returns new arrays, or the array it was given, or views of these; it changes nothing.
Rule = Callable[[Array], Sequence[Array | None]]


class Node:
    """What the engine knows of a Tensor. `Tensor` adds the operations."""

    __slots__ = ("__weakref__", "_age", "_inputs", "_rule", "data", "grad", "requires_grad")

    result_type: ClassVar[type[Tensor]]  # set where Tensor is defined: it is made of operations

    data: Array
    grad: Tensor | None  # of leaves only: tensors that were not computed from others
    requires_grad: bool
    _inputs: Sequence[Node]
    _rule: Rule | None
    _age: int  # a result is always younger (has a higher number) than its inputs


_ages = itertools.count(1)
_new = object.__new__
_ndarray = np.ndarray


def record(data: Array, inputs: Sequence[Node], rule: Rule) -> Tensor:
    """Make the Tensor that holds an operation's result.

    Parameters
    ----------
    data : ndarray
        The result, computed by numpy.
    inputs : sequence of Tensor
        What it was computed from.
    rule : callable
        Takes the gradient with respect to the result (same shape as `data`), returns a sequence
        with the gradient for each input. If the operation broadcast an input, the rule may
        return the gradient in the broadcast shape: the engine sums it back. Gradients of inputs
        that do not require one may be None.

    Returns
    -------
    Tensor
        Requires a gradient if an input does, and recording is not switched off by `no_grad`.
    """
    result = _new(Node.result_type)
    result.data = data if type(data) is _ndarray else np.asarray(data)
    result.grad = None
    result.requires_grad = False
    result._inputs = ()
    result._rule = None
    result._age = 0
    if mode.recording:
        for node in inputs:
            if node.requires_grad:
                result.requires_grad = True
                result._inputs = inputs
                result._rule = rule
                result._age = next(_ages)
                break
    return result


@quiet
def run_backward(root: Node, gradient: Array) -> None:
    """Bring `gradient`, with respect to `root`, to every leaf that `root` was computed from.

    The graph is let go on the way: its memory is free afterwards, and it cannot be walked twice.
    """
    waiting = {id(root): gradient}
    nodes = _oldest_first(root)
    while nodes:
        node = nodes.pop()  # the youngest: all results made from it have been visited
        if id(node) not in waiting:  # only rules that returned None lead here
            continue
        gradient = waiting.pop(id(node))
        if node._rule is None:
            _add_to_leaf(node, gradient)
            continue
        for source, part in zip(node._inputs, node._rule(gradient), strict=True):
            if part is None or not source.requires_grad:
                continue
            part = _fit(part, source.data)
            if source._rule is None and (part is gradient or part.base is not None):
                part = part.copy()  # a leaf keeps its gradient: it must not share memory
            earlier = waiting.get(id(source))
            waiting[id(source)] = part if earlier is None else earlier + part
        node._inputs, node._rule = (), _walked_before


def _oldest_first(root: Node) -> list[Node]:
    """Return all nodes that `root` depends on and that need gradients, each after its inputs.

    Results are numbered as they are made, after their inputs. So sorting by that number gives a
    topological order; no recursion, and long chains are as good as short ones.
    """
    found = {id(root): root}
    to_visit = [root]
    while to_visit:
        for source in to_visit.pop()._inputs:
            if source.requires_grad and id(source) not in found:
                found[id(source)] = source
                to_visit.append(source)
    return sorted(found.values(), key=operator.attrgetter("_age"))


def _fit(gradient: Array, data: Array) -> Array:
    """Give a gradient the shape and dtype of the data it belongs to: undo the broadcasting.

    An input that was used many times, by repeating it along an axis, gets the sum of the
    gradients of all its uses.
    """
    if gradient.shape != data.shape:
        added = gradient.ndim - data.ndim  # axes that broadcasting put in front
        stretched = tuple(
            axis
            for axis, length in enumerate(gradient.shape)
            if axis < added or (data.shape[axis - added] == 1 and length != 1)
        )
        gradient = np.asarray(gradient.sum(axis=stretched, keepdims=True))
        if added:
            gradient = gradient.reshape(gradient.shape[added:]).copy()
        if gradient.shape != data.shape:
            raise ShapeError(
                "a backward rule returned a gradient that does not fit its input",
                expected=f"shape {data.shape}, or one that it broadcasts to",
                found=f"shape {gradient.shape}",
                mend="return the gradients in the order of the inputs, each in its input's shape",
            )
    if gradient.dtype != data.dtype:
        gradient = gradient.astype(data.dtype)
    return gradient if type(gradient) is _ndarray else np.asarray(gradient)


def _add_to_leaf(leaf: Node, gradient: Array) -> None:
    if leaf.data.dtype.kind != "f":  # requires_grad was set afterwards; the gradient was rounded
        raise ArgumentError(
            "only floating-point tensors have gradients",
            expected="requires_grad=True for float32 or float64 values alone",
            found=f"a tensor of dtype {leaf.data.dtype} that requires a gradient",
            mend="make it with Tensor(values.astype(float), requires_grad=True)",
        )
    if leaf.grad is None:
        leaf.grad = Node.result_type(gradient)
    else:  # gradients add up until zero_grad() is called
        leaf.grad = Node.result_type(leaf.grad.data + gradient)


def _walked_before(gradient: Array) -> Sequence[Array | None]:
    raise ArgumentError(
        "backward() has been through this graph before",
        expected="one backward() for each forward pass: it lets go of the graph",
        found="a result whose graph has been let go",
        mend="compute the loss anew; to get two gradients at once, add the two losses first",
    )
