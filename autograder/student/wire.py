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
from functools import lru_cache, partial
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
# What is received at once where it has come, and what an encoder goes on holding.
_RECEIVED, _KEPT_BUFFER = 2**16, 2**20
_ARRAY, _TUPLE, _REF, _SCALAR, _INTEGER, _COMPLEX = range(1, 7)
# One message wraps its operands: a little deeper than the deepest value.
_DEPTH = 2 * MAX_DEPTH
_ITEMS = 2 * MAX_ITEMS
# Of so many bytes a head is small.
_SMALL = 2**13
_KINDS = "biufc"
_LEAVES = (bool, int, float, complex, str, bytes, np.generic, np.ndarray, Ref)
_EXACT = frozenset([type(None), *_LEAVES])
_unpack = partial(
    msgpack.unpackb,
    strict_map_key=False,
    raw=False,
    max_array_len=MAX_ITEMS,
    max_map_len=MAX_ITEMS,
)


class WireError(Exception):
    """A frame is malformed, too large, or did not come: the other side is not to be trusted."""


class WireTimeoutError(WireError):
    """Nothing came in time."""


class WireClosedError(WireError):
    """The other side is gone."""


class Encoder:
    """Makes frames of plain data.

    MessagePack's packers come with a buffer of a quarter of a megabyte, so they are kept: one
    for each depth, since what is inside an extension is packed while its outside is.
    """

    def __init__(self) -> None:
        self._packers: list[msgpack.Packer] = []
        self._depth = 0
        self._tail: list[bytes] = []
        self._offset = 0

    def encode(self, value: Plain) -> bytes:
        """Return `value`, plain data, as one frame.

        Raises
        ------
        WireError
            If it is not plain, or too large.
        """
        self._depth, self._offset, self._tail = 0, 0, []
        try:
            head = self._pack(value)
        except (ValueError, OverflowError, RecursionError) as error:
            raise WireError(f"the value cannot be passed on: {error}") from None
        if len(head) + self._offset > _KEPT_BUFFER:
            self._packers.clear()
        if len(head) > MAX_HEAD or self._offset > MAX_BYTES:
            size = (len(head) + self._offset) / 2**20
            raise WireError(f"a value of {size:.0f} MiB is too large")
        return b"".join([_LENGTHS.pack(len(head), self._offset), head, *self._tail])

    def _pack(self, item: object) -> bytes:
        if self._depth == len(self._packers):
            # Half of a surrogate pair is a valid str and not valid text.
            packer = msgpack.Packer(
                default=self._extend, strict_types=True, unicode_errors="replace"
            )
            self._packers.append(packer)
        packer = self._packers[self._depth]
        self._depth += 1
        packed: bytes = packer.pack(item)
        self._depth -= 1
        return packed

    def _extend(self, item: object) -> msgpack.ExtType:
        if isinstance(item, np.ndarray):
            if item.dtype.kind not in _KINDS:
                raise WireError(f"an array of {item.dtype} is not plain data")
            place, content = self._offset, item.tobytes()
            self._tail.append(content)
            self._offset += len(content)
            part = self._pack([item.dtype.str, list(item.shape), place])
            return msgpack.ExtType(_ARRAY, part)
        if isinstance(item, Ref):
            return msgpack.ExtType(_REF, self._pack([item.number, item.type_name]))
        if isinstance(item, tuple):
            return msgpack.ExtType(_TUPLE, self._pack(list(item)))
        if isinstance(item, np.generic):
            if item.dtype.kind not in _KINDS:
                raise WireError(f"{type(item).__name__} is not plain data")
            return msgpack.ExtType(_SCALAR, self._pack([item.dtype.str, item.tobytes()]))
        if isinstance(item, int):
            return msgpack.ExtType(_INTEGER, self._pack(format(item, "x")))
        if isinstance(item, complex):
            return msgpack.ExtType(_COMPLEX, self._pack([item.real, item.imag]))
        raise WireError(f"{type(item).__name__} is not plain data")


def encode(value: Plain) -> bytes:
    """Return `value` as one frame; see `Encoder.encode`."""
    return Encoder().encode(value)


def decode(head: bytes, tail: bytes) -> Plain:
    """Return the value of a frame.

    Raises
    ------
    WireError
        If the bytes are not what `encode` writes.
    """
    try:
        value = _Decoder(len(head), tail).unpack(head)
        _check(value, 0)
    except WireError:
        raise
    except Exception as error:
        # Whatever a hostile frame provokes in the decoder, it is a malformed frame.
        raise WireError(f"malformed frame ({type(error).__name__})") from None
    return value


class _Decoder:
    """Builds the value of one frame, within bounds."""

    def __init__(self, size: int, tail: bytes) -> None:
        self._tail = tail
        self._depth = 0
        self._left = {"items": _ITEMS, "bytes": len(tail), "rare keys": MAX_RARE_KEYS}
        # Each item has a byte of the head, and each rare key several: of a small one there
        # cannot be too many, and they need not be counted.
        counting = {"list_hook": self._listed, "object_pairs_hook": self._mapped}
        self._counting: dict[str, Any] = counting if size > _SMALL else {}

    def unpack(self, data: bytes) -> Any:
        return _unpack(data, ext_hook=self._extended, **self._counting)

    def _spend(self, what: str, count: int) -> None:
        self._left[what] -= count
        if self._left[what] < 0:
            raise WireError(f"more {what} than allowed")

    def _listed(self, items: list[object]) -> list[object]:
        self._spend("items", len(items) + 1)
        return items

    def _mapped(self, pairs: list[tuple[object, object]]) -> dict[object, object]:
        self._spend("items", len(pairs) + 1)
        self._spend("rare keys", sum(is_rare_key(key) for key, _ in pairs))
        return dict(pairs)

    def _extended(self, code: int, data: bytes) -> object:
        self._depth += 1
        if self._depth > _DEPTH:
            raise WireError("nested too deeply")
        try:
            return self._built(code, self.unpack(data))
        finally:
            self._depth -= 1

    def _built(self, code: int, part: Any) -> object:
        if code == _TUPLE and isinstance(part, list):
            return tuple(part)
        if code == _ARRAY:
            dtype, shape, offset = part
            array = _array(_dtype(dtype), shape, offset, self._tail)
            # Many arrays may claim the same contents: each of them is a copy.
            self._spend("bytes", array.nbytes)
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


def decode_frame(frame: bytes) -> Plain:
    """Return the value of a whole frame; for errors see `decode`."""
    tail = _LENGTHS.size + _LENGTHS.unpack_from(frame)[0]
    return decode(frame[_LENGTHS.size : tail], frame[tail:])


def _dtype(name: object) -> np.dtype[Any]:
    if not isinstance(name, str) or len(name) > 8:
        raise WireError("not a dtype")
    return _numeric(name)


@lru_cache(maxsize=64)
def _numeric(name: str) -> np.dtype[Any]:
    dtype = np.dtype(name)
    if dtype.kind not in _KINDS or dtype.hasobject:
        raise WireError("not a numeric dtype")
    return dtype


def _check(value: object, depth: int) -> None:
    """Refuse what is nested too deeply, and types that are not plain."""
    if depth > _DEPTH:
        raise WireError("nested too deeply")
    if type(value) in _EXACT:
        return
    if isinstance(value, (list, tuple)):
        for part in value:
            _check(part, depth + 1)
    elif isinstance(value, dict):
        for key, part in value.items():
            _check(key, depth + 1)
            _check(part, depth + 1)
    elif not isinstance(value, _LEAVES):
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
        self._encoder = Encoder()
        # What has come of the next frame already.
        self._come = b""

    def encode(self, value: Plain) -> bytes:
        """Return `value` as one frame; see `Encoder.encode`."""
        return self._encoder.encode(value)

    def send(self, value: Plain) -> None:
        """Send one value.

        Raises
        ------
        WireError
            If it is not plain, or the other side is gone or does not read.
        """
        self.send_frame(self.encode(value))

    def send_frame(self, frame: bytes) -> None:
        """Send what `encode` returned.

        Raises
        ------
        WireClosedError
            If the other side is gone or does not read.
        """
        try:
            self.connection.sendall(frame)
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
        return decode_frame(self.receive_frame(seconds))

    def receive_frame(self, seconds: float | None = None) -> bytes:
        """Return the next value as the frame that came; for errors see `receive`."""
        come = self._come
        if not come:
            if seconds != self.connection.gettimeout():
                self.connection.settimeout(seconds)
            come = self._some(_RECEIVED)
        if len(come) < _LENGTHS.size:
            come = self._whole(come, _LENGTHS.size)
        head_size, tail_size = _LENGTHS.unpack_from(come)
        if head_size > MAX_HEAD or tail_size > MAX_BYTES:
            raise WireError("a frame larger than allowed")
        end = _LENGTHS.size + head_size + tail_size
        if len(come) < end:
            come = self._whole(come, end)
        self._come = come[end:]
        return come[:end]

    def _whole(self, come: bytes, size: int) -> bytes:
        """Return `size` bytes or more, of which `come` has come already."""
        deadline = time.monotonic() + FRAME_SECONDS
        parts, missing = [come], size - len(come)
        while missing > 0:
            left = deadline - time.monotonic()
            self.connection.settimeout(max(left, 0.001))
            try:
                part = self._some(min(missing, 2**20))
            except WireTimeoutError:
                raise WireError("a frame was begun and not ended") from None
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _some(self, size: int) -> bytes:
        try:
            part = self.connection.recv(size)
        except TimeoutError:
            raise WireTimeoutError("no reply in time") from None
        except OSError as error:
            raise WireClosedError(str(error)) from None
        if not part:
            raise WireClosedError("the other side closed the connection")
        return part
