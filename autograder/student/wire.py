"""Plain data as bytes, and bytes as frames on a socket.

A frame is two big-endian lengths, a head and a tail. The head is MessagePack; the tail is
the contents of arrays, one after the other. Nothing in a frame can name code: unlike
pickle, decoding only ever makes the types of `plain`. Every length is bounded before
memory is taken for it.
"""

from __future__ import annotations

import math
import socket
import struct
import time
from typing import Any

import msgpack
import numpy as np

from .plain import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_INT_BITS,
    MAX_ITEMS,
    MAX_RARE_KEYS,
    Plain,
    Ref,
    is_rare_key,
)

MAX_HEAD = 16 * 2**20
# A frame that has begun must come whole: who stops in the middle is not to be waited for.
FRAME_SECONDS = 20.0
_LENGTHS = struct.Struct(">II")
_ARRAY, _TUPLE, _REF, _SCALAR, _INTEGER, _COMPLEX = range(1, 7)
# One message wraps its operands: a little deeper than the deepest value.
_DEPTH = 2 * MAX_DEPTH
_ITEMS = 2 * MAX_ITEMS
_KINDS = "biufc"
_LEAVES = (bool, int, float, complex, str, bytes, np.generic, np.ndarray, Ref)


class WireError(Exception):
    """A frame is malformed, too large, or did not come: the other side is not to be trusted."""


class WireTimeoutError(WireError):
    """Nothing came in time."""


class WireClosedError(WireError):
    """The other side is gone."""


def encode(value: Plain) -> bytes:
    """Return `value`, plain data, as one frame.

    Raises
    ------
    WireError
        If it is not plain, or too large.
    """
    tail: list[bytes] = []
    offset = 0

    def extend(item: object) -> msgpack.ExtType:
        nonlocal offset
        if isinstance(item, np.generic):
            if item.dtype.kind not in _KINDS:
                raise WireError(f"{type(item).__name__} is not plain data")
            return msgpack.ExtType(_SCALAR, pack([item.dtype.str, item.tobytes()]))
        if isinstance(item, np.ndarray):
            if item.dtype.kind not in _KINDS:
                raise WireError(f"an array of {item.dtype} is not plain data")
            place, content = offset, item.tobytes()
            tail.append(content)
            offset += len(content)
            return msgpack.ExtType(_ARRAY, pack([item.dtype.str, list(item.shape), place]))
        if isinstance(item, tuple):
            return msgpack.ExtType(_TUPLE, pack(list(item)))
        if isinstance(item, Ref):
            return msgpack.ExtType(_REF, pack([item.number, item.type_name]))
        if isinstance(item, int):
            return msgpack.ExtType(_INTEGER, pack(format(item, "x")))
        if isinstance(item, complex):
            return msgpack.ExtType(_COMPLEX, pack([item.real, item.imag]))
        raise WireError(f"{type(item).__name__} is not plain data")

    def pack(item: object) -> bytes:
        # Half of a surrogate pair is a valid str and not valid text.
        packed: bytes = msgpack.packb(
            item, default=extend, strict_types=True, unicode_errors="replace"
        )
        return packed

    try:
        head = pack(value)
    except (ValueError, OverflowError, RecursionError) as error:
        raise WireError(f"the value cannot be passed on: {error}") from None
    if len(head) > MAX_HEAD or offset > MAX_BYTES:
        raise WireError(f"a value of {(len(head) + offset) / 2**20:.0f} MiB is too large")
    return b"".join([_LENGTHS.pack(len(head), offset), head, *tail])


def decode(head: bytes, tail: bytes) -> Plain:
    """Return the value of a frame.

    Raises
    ------
    WireError
        If the bytes are not what `encode` writes.
    """
    depth = 0
    left = {"items": _ITEMS, "bytes": len(tail), "rare keys": MAX_RARE_KEYS}

    def spend(what: str, count: int) -> None:
        left[what] -= count
        if left[what] < 0:
            raise WireError(f"more {what} than allowed")

    def listed(items: list[object]) -> list[object]:
        spend("items", len(items) + 1)
        return items

    def mapped(pairs: list[tuple[object, object]]) -> dict[object, object]:
        spend("items", len(pairs) + 1)
        spend("rare keys", sum(is_rare_key(key) for key, _ in pairs))
        return dict(pairs)

    def extended(code: int, data: bytes) -> object:
        nonlocal depth
        depth += 1
        if depth > _DEPTH:
            raise WireError("nested too deeply")
        try:
            return build(code, unpack(data))
        finally:
            depth -= 1

    def build(code: int, part: Any) -> object:
        if code == _TUPLE and isinstance(part, list):
            return tuple(part)
        if code == _ARRAY:
            dtype, shape, offset = part
            array = _array(_dtype(dtype), shape, offset, tail)
            # Many arrays may claim the same contents: each of them is a copy.
            spend("bytes", array.nbytes)
            return _honest(array)
        if code == _SCALAR:
            dtype, content = _dtype(part[0]), part[1]
            if len(content) != dtype.itemsize:
                raise WireError("a scalar of the wrong size")
            return _honest(np.frombuffer(content, dtype))[0]
        if code == _REF and type(part[0]) is int and type(part[1]) is str:
            return Ref(part[0], part[1][:100])
        if code == _INTEGER and len(part) <= MAX_INT_BITS // 4 + 1:
            return int(part, 16)
        if code == _COMPLEX:
            return complex(float(part[0]), float(part[1]))
        raise WireError(f"unknown extension {code}")

    def unpack(data: bytes) -> Any:
        return msgpack.unpackb(
            data,
            ext_hook=extended,
            list_hook=listed,
            object_pairs_hook=mapped,
            strict_map_key=False,
            raw=False,
            max_array_len=MAX_ITEMS,
            max_map_len=MAX_ITEMS,
        )

    try:
        value = unpack(head)
        _check(value, 0)
    except WireError:
        raise
    except Exception as error:
        # Whatever a hostile frame provokes in the decoder, it is a malformed frame.
        raise WireError(f"malformed frame ({type(error).__name__})") from None
    return value


def _dtype(name: object) -> np.dtype[Any]:
    if not isinstance(name, str) or len(name) > 8:
        raise WireError("not a dtype")
    dtype = np.dtype(name)
    if dtype.kind not in _KINDS or dtype.hasobject:
        raise WireError("not a numeric dtype")
    return dtype


def _check(value: object, depth: int) -> None:
    """Refuse what is nested too deeply, and types that are not plain."""
    if depth > _DEPTH:
        raise WireError("nested too deeply")
    if isinstance(value, (list, tuple)):
        for part in value:
            _check(part, depth + 1)
    elif isinstance(value, dict):
        for key, part in value.items():
            _check(key, depth + 1)
            _check(part, depth + 1)
    elif value is not None and not isinstance(value, _LEAVES):
        raise WireError(f"{type(value).__name__} is not plain data")


def _array(
    dtype: np.dtype[Any], shape: object, offset: object, tail: bytes
) -> np.ndarray[Any, Any]:
    if not isinstance(shape, list) or len(shape) > 32 or type(offset) is not int:
        raise WireError("malformed array")
    if any(type(length) is not int or not 0 <= length <= MAX_BYTES for length in shape):
        raise WireError("malformed shape")
    size = math.prod(shape) * dtype.itemsize
    if not 0 <= offset <= offset + size <= len(tail):
        raise WireError("an array larger than its contents")
    flat = np.frombuffer(tail, dtype, count=math.prod(shape), offset=offset)
    return flat.reshape(shape)


def _honest(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a copy. A boolean of 2 is not False and does not equal True: it becomes True."""
    return np.asarray(array.view(np.uint8) != 0) if array.dtype == bool else array.copy()


class Channel:
    """Frames, both ways, over a connected socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def send(self, value: Plain) -> None:
        """Send one value.

        Raises
        ------
        WireError
            If it is not plain, or the other side is gone or does not read.
        """
        data = encode(value)
        try:
            self.connection.sendall(data)
        except OSError as error:
            raise WireClosedError(str(error)) from None

    def receive(self, seconds: float | None = None) -> Plain:
        """Return the next value.

        Raises
        ------
        WireTimeoutError
            If nothing has come within `seconds`.
        WireClosedError
            If the other side is gone.
        WireError
            If the frame is malformed, too large, or begun and not ended.
        """
        self.connection.settimeout(seconds)
        start = self._some(_LENGTHS.size)
        deadline = time.monotonic() + FRAME_SECONDS
        head_size, tail_size = _LENGTHS.unpack(self._whole(_LENGTHS.size, deadline, start))
        if head_size > MAX_HEAD or tail_size > MAX_BYTES:
            raise WireError("a frame larger than allowed")
        head = self._whole(head_size, deadline)
        return decode(head, self._whole(tail_size, deadline))

    def _whole(self, size: int, deadline: float, start: bytes = b"") -> bytes:
        """Return `size` bytes, of which `start` has come already."""
        parts, missing = [start], size - len(start)
        while missing:
            left = deadline - time.monotonic()
            self.connection.settimeout(max(left, 0.001))
            try:
                part = self._some(missing)
            except WireTimeoutError:
                raise WireError("a frame was begun and not ended") from None
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _some(self, size: int) -> bytes:
        try:
            part = self.connection.recv(min(size, 2**20))
        except TimeoutError:
            raise WireTimeoutError("no reply in time") from None
        except OSError as error:
            raise WireClosedError(str(error)) from None
        if not part:
            raise WireClosedError("the other side closed the connection")
        return part
