"""IDX files: what is right is read to the byte, what is wrong is named."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from course_utils import DataError, read_image_file, read_label_file

LABELS = struct.pack(">2I", 2049, 300) + bytes(i % 10 for i in range(300))
IMAGES = struct.pack(">4I", 2051, 2, 3, 4) + bytes(range(24))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("name", ["file", "file.gz"])  # the name says nothing: the bytes do
def test_labels(tmp_path, pack, name):
    path = tmp_path / name
    path.write_bytes(pack(LABELS))
    labels = read_label_file(path)
    assert labels.dtype == np.uint8
    assert_array_equal(labels, np.arange(300) % 10)  # a count over 255 shows the byte order
    labels[0] = 9  # the caller may write


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_images(tmp_path, pack):
    path = tmp_path / "images"
    path.write_bytes(pack(IMAGES))
    images = read_image_file(str(path))
    assert images.dtype == np.uint8
    assert_array_equal(images, np.arange(24).reshape(2, 3, 4))


def refused(reader, tmp_path, data, *words):
    path = tmp_path / "the_file"
    path.write_bytes(data)
    with pytest.raises(DataError) as caught:
        reader(path)
    message = str(caught.value)
    for word in (str(path), "expected:", "found:", "what to do:", *words):
        assert word in message


def test_swapped_files_are_named_as_such(tmp_path):
    refused(read_label_file, tmp_path, IMAGES, "magic number 2049", "2051 (an image file)")
    refused(read_image_file, tmp_path, LABELS, "magic number 2051", "2049 (a label file)")


def test_other_files_are_refused(tmp_path):
    refused(read_label_file, tmp_path, b"<!DOCTYPE html>", "magic number 2049", "not an IDX file")
    little_endian = struct.pack("<2I", 2049, 1) + b"\x05"
    refused(read_label_file, tmp_path, little_endian, "magic number 2049")


@pytest.mark.parametrize("size", [0, 1, 7])
def test_a_header_cut_short(tmp_path, size):
    refused(read_label_file, tmp_path, LABELS[:size], "cut short", "8 bytes", f"{size} bytes")


def test_a_body_cut_short(tmp_path):
    refused(read_label_file, tmp_path, LABELS[:-1], "cut short", "300 bytes", "299 bytes")
    refused(read_image_file, tmp_path, IMAGES[:-5], "cut short", "2 x 3 x 4", "19 bytes")


def test_bytes_left_over(tmp_path):
    refused(read_image_file, tmp_path, IMAGES + b"\0", "left over", "24 bytes", "25 bytes")


def test_a_header_that_promises_too_much(tmp_path):
    lie = struct.pack(">4I", 2051, *[2**32 - 1] * 3) + b"\0"
    refused(read_image_file, tmp_path, lie, str((2**32 - 1) ** 3))


def test_a_gzip_cut_short(tmp_path):
    refused(read_label_file, tmp_path, gzip.compress(LABELS)[:-12], "damaged gzip")


@pytest.mark.parametrize("position", [12, -6])  # in the stream; in the checksum at its end
def test_a_damaged_gzip(tmp_path, position):
    data = bytearray(gzip.compress(LABELS))
    data[position] ^= 0xFF
    refused(read_label_file, tmp_path, bytes(data), "damaged gzip")


def test_a_path_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"(?s)nowhere is not there.*what to do"):
        read_label_file(tmp_path / "nowhere")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_image_file(tmp_path)
