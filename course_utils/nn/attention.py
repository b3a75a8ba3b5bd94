"""Multi-head self-attention, its core as one step of the graph."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from course_utils.arrays import as_float_type
from course_utils.autograd import Tensor, quiet, record
from course_utils.errors import ArgumentError, ShapeError
from course_utils.nn import init
from course_utils.nn.inputs import as_input, checked_count
from course_utils.nn.linear import Linear, linear
from course_utils.nn.module import Array, Module, Parameter


@quiet
def self_attention(packed: Tensor, num_heads: int, mask: Array | None = None) -> Tensor:
    r"""Scaled dot-product attention of a sequence with itself, for several heads at once.

    .. math:: \mathrm{softmax}(Q K^T / \sqrt{d}) \, V

    Parameters
    ----------
    packed : Tensor, shape (batch, tokens, 3 * hidden)
        Queries, keys and values side by side; each is cut into `num_heads` pieces of d features.
    num_heads : int
        Divides `hidden`; d = hidden / num_heads.
    mask : ndarray of bool, broadcastable to (batch, num_heads, tokens, tokens), optional
        True where a query (third axis) may look at a key (last axis).

    Returns
    -------
    Tensor, shape (batch, tokens, hidden)

    Notes
    -----
    Source: Vaswani et al., *Attention Is All You Need* (2017), 3.2. With P the probabilities and
    G the gradient of the result O: :math:`\partial V = P^T G`, :math:`\partial P = G V^T`, and
    for the scores :math:`\partial S = P \odot (\partial P - \mathrm{rowsum}(G \odot O))`, since
    the row sums of P ∂P are those of G O (Dao et al., *FlashAttention* (2022), appendix B.2).
    """
    batch, tokens, width = packed.data.shape
    d = width // (3 * num_heads)
    scale = 1 / math.sqrt(d)
    # (3, batch, heads, tokens, d): views, no copies
    q, k, v = packed.data.reshape(batch, tokens, 3, num_heads, d).transpose(2, 0, 3, 1, 4)
    p = np.matmul(q * scale, k.swapaxes(-1, -2))  # (batch, heads, queries, keys)
    if mask is not None:
        p = np.where(mask, p, -np.inf).astype(p.dtype, copy=False)
    p -= p.max(axis=-1, keepdims=True)
    np.exp(p, out=p)
    p /= np.matmul(p, np.ones((tokens, 1), p.dtype))
    result = np.empty((batch, tokens, num_heads, d), p.dtype)
    out = result.transpose(0, 2, 1, 3)  # (batch, heads, tokens, d)
    np.matmul(p, v, out=out)

    def backward(gradient: Array) -> tuple[Array]:
        g = gradient.reshape(batch, tokens, num_heads, d).transpose(0, 2, 1, 3)
        for_packed = np.empty((batch, tokens, 3, num_heads, d), p.dtype)
        for_q, for_k, for_v = for_packed.transpose(2, 0, 3, 1, 4)
        np.matmul(p.swapaxes(-1, -2), g, out=for_v)
        for_scores = np.matmul(g, v.swapaxes(-1, -2))
        for_scores -= np.einsum("bhtd,bhtd->bht", g, out)[..., np.newaxis]
        for_scores *= p
        for_scores *= scale
        np.matmul(for_scores, k, out=for_q)
        np.matmul(for_scores.swapaxes(-1, -2), q, out=for_k)
        return (for_packed.reshape(batch, tokens, width),)

    return record(result.reshape(batch, tokens, num_heads * d), (packed,), backward)


class MultiheadAttention(Module):
    """Multi-head self-attention: each token of a sequence looks at all tokens.

    Parameters
    ----------
    hidden_dim : int
        Features of a token, in and out.
    num_heads : int
        Divides `hidden_dim`.
    bias : bool
        Whether the four linear maps have a bias.
    dtype : float type
        Type of the parameters. The layer computes in the type of its weight: inputs are converted.
    generator : numpy.random.Generator, optional
        Where the starting weights come from; `course_utils.get_generator()` by default.

    Attributes
    ----------
    in_proj_weight : Parameter, shape (3 * hidden_dim, hidden_dim)
        The maps to queries, keys and values, one below the other.
    in_proj_bias : Parameter, shape (3 * hidden_dim,), or None
    out_proj : Linear
        The map from the heads' results, side by side, to the output.

    Notes
    -----
    Source: Vaswani et al., *Attention Is All You Need* (2017), 3.2.2. Names and starting values
    as in PyTorch: `in_proj_weight` by Xavier's uniform, biases zero.

    Examples
    --------
    >>> attention = MultiheadAttention(8, num_heads=2)
    >>> attention(np.zeros((20, 49, 8))).shape
    (20, 49, 8)
    """

    def __init__(
        self,
        hidden_dim: int,
        num_heads: int,
        bias: bool = True,
        *,
        dtype: npt.DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.hidden_dim = checked_count(hidden_dim, "hidden_dim")
        self.num_heads = checked_count(num_heads, "num_heads")
        if hidden_dim % num_heads:
            raise ArgumentError(
                "the heads must share the features equally",
                expected="a hidden_dim that num_heads divides",
                found=f"hidden_dim {hidden_dim} and num_heads {num_heads}",
                mend="choose hidden_dim as a multiple of num_heads",
            )
        dtype = as_float_type(dtype)
        self.in_proj_weight = Parameter(np.zeros((3 * hidden_dim, hidden_dim), dtype))
        init.xavier_uniform_(self.in_proj_weight, generator)
        self.in_proj_bias = Parameter(np.zeros(3 * hidden_dim, dtype)) if bias else None
        self.out_proj = Linear(hidden_dim, hidden_dim, bias, dtype=dtype, generator=generator)
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)

    def forward(
        self, x: Tensor | npt.ArrayLike, mask: Tensor | npt.ArrayLike | None = None
    ) -> Tensor:
        """Return the attended tokens.

        Parameters
        ----------
        x : Tensor, shape (batch, tokens, hidden_dim)
        mask : array_like of bool, shape (tokens, tokens) or (batch, tokens, tokens), optional
            True where the query of a row may look at the key of a column.

        Returns
        -------
        Tensor, shape (batch, tokens, hidden_dim)
        """
        x = as_input(x, self.in_proj_weight.data.dtype)
        if x.ndim != 3 or x.shape[1] == 0 or x.shape[2] != self.hidden_dim:
            raise ShapeError(
                f"the input does not fit an attention of {self.hidden_dim} features",
                expected=f"shape (batch, tokens, {self.hidden_dim}), at least one token",
                found=f"shape {x.shape}",
                mend="reshape images into tokens first; a single sequence needs x.reshape(1, ...)",
            )
        packed = linear(x, self.in_proj_weight, self.in_proj_bias)
        allowed = None if mask is None else _checked_mask(mask, x.shape[0], x.shape[1])
        joined = self_attention(packed, self.num_heads, allowed)
        return self.out_proj.forward(joined)

    def describe(self) -> str:
        """Return the sizes."""
        return f"{self.hidden_dim}, num_heads={self.num_heads}"


def _checked_mask(mask: Tensor | npt.ArrayLike, batch: int, tokens: int) -> Array:
    allowed = Tensor(mask).data
    fits = allowed.shape in ((tokens, tokens), (batch, tokens, tokens))
    if not fits or allowed.dtype != np.bool_:
        raise ShapeError(
            "the mask does not fit the sequence",
            expected=f"booleans of shape ({tokens}, {tokens}) or ({batch}, {tokens}, {tokens})",
            found=f"an array of dtype {allowed.dtype} and shape {allowed.shape}",
            mend="use np.tril(np.ones((tokens, tokens), dtype=bool)) to hide later tokens",
        )
    if not allowed.any(axis=-1).all():
        raise ArgumentError(
            "the mask hides every key from a query",
            expected="at least one True in each row",
            found="a row of False",
            mend="let each token look at itself at least; True means visible",
        )
    return allowed[:, np.newaxis] if allowed.ndim == 3 else allowed
