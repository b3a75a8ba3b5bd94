"""A small automatic-differentiation engine on numpy.

To read it, from simple to complex: `recording` (the switch), `graph` (the engine), `arithmetic`,
`elementwise`, `reductions`, `products`, `shaping`, `normalizing` (the operations, each with its
backward rule), `tensor` (the class that puts them together); beside them `comparing` and
`ufuncs` (what numpy's own functions do with a Tensor).
"""

from course_utils.autograd.graph import quiet, record
from course_utils.autograd.recording import no_grad
from course_utils.autograd.shaping import concatenate, stack, where
from course_utils.autograd.tensor import Tensor

__all__ = ["Tensor", "concatenate", "no_grad", "quiet", "record", "stack", "where"]
