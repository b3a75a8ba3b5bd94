"""Frames carry plain data and nothing else, whatever the other side sends."""

import os
import socket
import struct
import threading

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.student import wire
from autograder.student.plain import Ref
from autograder.student.wire import (
    Channel,
    WireClosedError,
    WireError,
    WireTimeoutError,
    decode,
    encode,
)

LENGTHS = struct.Struct(">II")


def parts(frame):
    head, _ = LENGTHS.unpack(frame[: LENGTHS.size])
    return frame[LENGTHS.size :][:head], frame[LENGTHS.size :][head:]


def back(value):
    return decode(*parts(encode(value)))


def same(one, other):
    if isinstance(one, (np.ndarray, np.generic)):
        return (
            type(one) is type(other)
            and one.dtype == other.dtype
            and one.shape == other.shape
            and np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")
        )
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(map(same, one.values(), other.values()))
    return type(one) is type(other) and (one == other or one != one)


dtypes = st.sampled_from(["?", "i1", "u2", "i4", "u8", "f2", "f4", "f8", "c8", "c16", ">f8"])
arrays = dtypes.flatmap(lambda d: hnp.arrays(d, hnp.array_shapes(min_dims=0, min_side=0)))
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.binary(max_size=20) | st.complex_numbers()
    | st.builds(Ref, st.integers(0, 2**31), st.text(max_size=10))
)  # fmt: skip
values = st.recursive(
    scalars | arrays,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5) | st.integers(0, 9), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_plain_data_come_back_as_they_were(value):
    assert same(value, back(value))


def test_arrays_that_come_back_can_be_written_to_and_share_nothing():
    first, second = back([np.zeros(3), np.ones((2, 0, 3))])
    first[0] = 7
    assert second.shape == (2, 0, 3)


@pytest.mark.parametrize(
    "value",
    [object(), {1, 2}, np.array(["a"]), np.array([None]), np.datetime64("2026-01-01"), print],
)
def test_what_is_not_plain_is_not_sent(value):
    with pytest.raises(WireError):
        encode([value])


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_random_bytes_are_refused_or_plain(head, tail):
    try:
        value = decode(head, tail)
    except WireError:
        return
    encode(value)


def ext(code, *fields):
    return msgpack.packb(msgpack.ExtType(code, msgpack.packb(list(fields))))


@pytest.mark.parametrize(
    "head",
    [
        ext(1, "|O", [1], 0),
        ext(1, "O8", [1], 0),
        ext(1, "<f8", [10**9], 0),
        ext(1, "<f8", [2**40, 2**40], 0),
        ext(1, "<f8", [-1], 0),
        ext(1, "<f8", [1], -8),
        ext(1, "<f8", [True], 0),
        ext(1, "<f8", [1] * 60, 0),
        ext(1, "<f8", "ab", 0),
        ext(1, "V4294967295", [1], 0),
        ext(1, "(1000000,)f8", [1], 0),
        ext(4, "<f8", b"1234"),
        ext(5, "f" * 100_000),
        ext(3, "zero", "name"),
        ext(3, 1),
        ext(77),
        b"\x91" * 5000 + b"\xc0",
        b"\xdd\xff\xff\xff\xff",
        b"\xc1",
        b"",
        msgpack.packb([1]) * 2,
    ],
)
def test_hostile_frames_are_refused_without_taking_memory(head):
    with pytest.raises(WireError):
        decode(head, b"\0" * 16)


def test_tuples_inside_tuples_without_end_are_refused():
    packed = msgpack.packb([1])
    for _ in range(200):
        packed = msgpack.packb([msgpack.ExtType(2, packed)])
    with pytest.raises(WireError):
        decode(packed, b"")


@pytest.fixture
def pair():
    one, other = socket.socketpair()
    with one, other:
        yield Channel(one), other


def test_a_channel_carries_values_both_ways(pair):
    channel, other = pair
    there = Channel(other)
    big = np.arange(300_000.0)
    sender = threading.Thread(target=channel.send, args=([big, "x"],))
    sender.start()
    assert np.array_equal(there.receive(5)[0], big)
    sender.join()
    there.send(1)
    there.send(2)
    assert (channel.receive(5), channel.receive(5)) == (1, 2)


def test_nothing_in_time_is_told_from_nothing_any_more(pair):
    channel, other = pair
    with pytest.raises(WireTimeoutError):
        channel.receive(0.01)
    Channel(other).send("late")
    assert channel.receive(1) == "late", "a timeout between frames loses nothing"
    other.close()
    with pytest.raises(WireClosedError):
        channel.receive(1)


def test_lengths_beyond_the_bounds_are_refused_at_once(pair):
    channel, other = pair
    other.sendall(LENGTHS.pack(2**32 - 1, 2**32 - 1))
    with pytest.raises(WireError, match="larger than allowed"):
        channel.receive(1)


def test_a_frame_that_is_begun_and_not_ended_is_not_waited_for(pair, monkeypatch):
    monkeypatch.setattr(wire, "FRAME_SECONDS", 0.05)
    channel, other = pair
    other.sendall(LENGTHS.pack(1000, 0) + os.urandom(10))
    with pytest.raises(WireError, match="not ended"):
        channel.receive(1)


def test_frames_that_come_together_are_received_one_by_one(pair):
    """In one piece, and cut anywhere."""
    ours, theirs = pair
    values = [["ask", "name"], np.arange(3.0), ("x" * 100_000, 1), None]
    stream = b"".join(encode(value) for value in values)
    for size in (len(stream), 70_001, 7):
        sender = threading.Thread(target=_pieces, args=(theirs, stream, size))
        sender.start()
        assert all(same(ours.receive(5), value) for value in values)
        sender.join()


def _pieces(connection, stream, size):
    for start in range(0, len(stream), size):
        connection.sendall(stream[start : start + size])


def test_an_encoder_goes_on_after_what_cannot_be_sent():
    """Its packers keep nothing of a value that was refused half way."""
    encoder = wire.Encoder()
    good = [(1, np.ones(2)), Ref(1, "Net"), 2**70]
    expected = encode(good)
    for bad in ([1, (2, (3, object()))], ["x" * 100, np.array([None])], [1j, {"k": (set(),)}]):
        with pytest.raises(WireError):
            encoder.encode(bad)
        assert encoder.encode(good) == expected
    encoder.encode(["x" * 2**21])
    assert encoder.encode(good) == expected
