"""Frames that no honest process sends: each is refused, quickly and without much memory."""

import socket
import struct
import threading
import time
import tracemalloc

import msgpack
import numpy as np
import pytest

from autograder.student import wire
from autograder.student.plain import MAX_DEPTH, MAX_ITEMS, MAX_RARE_KEYS, NotPlainError, to_plain
from autograder.student.wire import Channel, WireError, WireTimeoutError, decode, encode

PRIME = 2**61 - 1


def extension(code, value):
    return msgpack.ExtType(code, msgpack.packb(value))


def array(dtype, shape, offset=0):
    return extension(1, [dtype, shape, offset])


def colliding(count):
    """Return a map of whole numbers that all have the hash 0."""
    keys = b"".join(msgpack.packb(extension(5, format(k * PRIME, "x"))) + b"\1"
                    for k in range(count))  # fmt: skip
    return b"\xdf" + struct.pack(">I", count) + keys


@pytest.mark.parametrize(
    ("head", "tail"),
    {
        "one array many times": (msgpack.packb([array("<f8", [10**5])] * 100), bytes(8 * 10**5)),
        "empty lists": (b"\xdd" + struct.pack(">I", 150_000)
                        + 150_000 * (b"\xdc\0\x10" + 16 * b"\x90"), b""),
        "empty maps": (b"\xdd" + struct.pack(">I", 10_000)
                       + 10_000 * (b"\xdc\0\x64" + 100 * b"\x80"), b""),
        "deep lists": (100 * b"\x91" + b"\xc0", b""),
        "very deep lists": (10**5 * b"\x91" + b"\xc0", b""),
        "colliding keys": (colliding(MAX_RARE_KEYS + 10), b""),
        "a key that is a list": (b"\x81\x90\x01", b""),
        "a time": (b"\xd6\xff" + bytes(4), b""),
        "an object array": (msgpack.packb(array("|O", [1])), bytes(8)),
        "a structure": (msgpack.packb(array("f8,f8", [1])), bytes(16)),
        "an array beyond its contents": (msgpack.packb(array("<f8", [2])), bytes(8)),
        "an array before its contents": (msgpack.packb(array("<f8", [1], -8)), bytes(8)),
        "a negative shape": (msgpack.packb(array("<f8", [-1])), bytes(8)),
        "a shape of everything and nothing": (msgpack.packb(array("<f8", [2**26, 2**26, 2**26, 0])),
                                              b""),
        "a scalar of the wrong size": (msgpack.packb(extension(4, ["<f8", b"1"])), b""),
        "a huge number": (msgpack.packb(extension(5, "f" * 10**6)), b""),
        "half a surrogate pair": (b"\xa3\xed\xa0\x80", b""),
        "two values": (b"\xc0\xc0", b""),
        "nothing": (b"", b""),
    }.values(),
)  # fmt: skip
def test_a_hostile_frame_is_refused(head, tail):
    tracemalloc.start()
    started = time.perf_counter()
    with pytest.raises(WireError):
        decode(head, tail)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.perf_counter() - started < 5
    assert peak < 200 * 2**20


def test_what_is_allowed_at_most_is_quick():
    """At the bound the worst keys take moments; without a bound they would take hours."""
    started = time.perf_counter()
    assert len(decode(colliding(MAX_RARE_KEYS), b"")) == MAX_RARE_KEYS
    assert time.perf_counter() - started < 3


@pytest.mark.parametrize(
    "value",
    [
        [[1, (2, 3)], {"a": None, 2**70: 1.5, (1, 2): b"x"}, 2j, True],
        list(range(MAX_ITEMS - 1)),
        dict.fromkeys(range(50_000)),
    ],
)
def test_what_is_plain_comes_through(value):
    assert through(to_plain(value, None)) == value


def through(value):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=Channel(ours).send, args=(value,))
        sender.start()
        received = Channel(theirs).receive(5)
        sender.join()
    return received


def test_what_is_plain_at_the_bounds_comes_through():
    deep = None
    for _ in range(MAX_DEPTH):
        deep = [deep]
    assert through(["value", to_plain(deep, None)]) == ["value", deep]
    assert through(np.array(True)).shape == ()
    with pytest.raises(NotPlainError, match="keys"):
        to_plain({(number,): 0 for number in range(MAX_RARE_KEYS + 1)}, None)


def test_a_boolean_is_true_or_false():
    """2 as a boolean would differ from True, from False and from itself negated."""
    strange = np.full(3, 2, np.uint8).view(bool)
    received = through(strange)
    assert received.view(np.uint8).tolist() == [1, 1, 1]
    assert np.array(through(strange[0])).view(np.uint8) == 1


def test_text_that_is_no_text_does_not_stop_a_reply():
    assert through("a\ud800") == "a?"


def test_a_frame_that_does_not_end_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(wire, "FRAME_SECONDS", 0.1)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.send(b"\0\0")
        with pytest.raises(WireError, match="not ended"):
            Channel(theirs).receive(5)
        with pytest.raises(WireTimeoutError):
            Channel(theirs).receive(0.05)
        ours.send(b"\xff" * 8)
        with pytest.raises(WireError, match="larger"):
            Channel(theirs).receive(5)


def test_a_frame_says_no_more_than_it_holds():
    data = encode([1, np.zeros(3)])
    with pytest.raises(WireError):
        decode(data[8:-24], data[-24:-8])
