"""Readers for IDX files, the raw format of MNIST.

An IDX file is a big-endian header of four-byte whole numbers and then one byte per value. A
label file has magic number 2049 and the count; an image file has 2051, the count, the rows and
the columns. Source: Y. LeCun, C. Cortes and C. Burges, "The MNIST database of handwritten
digits", section "File formats for the MNIST database".
"""

from __future__ import annotations

import gzip
import os
import struct
import zlib

import numpy as np

from course_utils.arrays import ByteArray
from course_utils.errors import DataError
from course_utils.paths import as_path

LABEL_MAGIC = 2049
IMAGE_MAGIC = 2051


def read_label_file(path: str | os.PathLike[str]) -> ByteArray:
    """Read an IDX label file, gzipped or not.

    Parameters
    ----------
    path : str or path
        The file. Whether it is gzipped is read from its bytes, not from its name.

    Returns
    -------
    ndarray of uint8, shape (count,)

    Raises
    ------
    DataError
        Where the file is missing, damaged, cut short, too long, or not a label file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name, "labels")
    >>> path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]))
    11
    >>> read_label_file(path)
    array([5, 0, 4], dtype=uint8)
    >>> folder.cleanup()
    """
    return parse_labels(read_bytes(path), str(path))


def read_image_file(path: str | os.PathLike[str]) -> ByteArray:
    """Read an IDX image file, gzipped or not.

    Parameters
    ----------
    path : str or path
        The file. Whether it is gzipped is read from its bytes, not from its name.

    Returns
    -------
    ndarray of uint8, shape (count, rows, columns)
        Grey values from 0 (background) to 255 (ink).

    Raises
    ------
    DataError
        Where the file is missing, damaged, cut short, too long, or not an image file.
    """
    return parse_images(read_bytes(path), str(path))


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Return a file's bytes, decompressed where they are gzipped.

    Raises
    ------
    DataError
        Where the file cannot be read, or its gzip stream is damaged or cut short.
    ArgumentError
        Where `path` is no path.
    """
    try:
        raw = as_path(path).read_bytes()
    except FileNotFoundError:
        raise DataError(
            f"{path} is not there",
            expected="an IDX file",
            found="no file of that name",
            mend="check the path, or call load_mnist() without one to download the data",
        ) from None
    except OSError as error:
        raise DataError(
            f"{path} cannot be read",
            expected="a readable file",
            found=error.strerror or str(error),
            mend="check that it is a file and that you may read it",
        ) from error
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(
            f"{path} is a damaged gzip file",
            expected="a complete gzip stream",
            found=str(error),
            mend="copy or download the file again",
        ) from error


def parse_labels(data: bytes, source: str) -> ByteArray:
    """Turn the bytes of a label file into an array of shape (count,); `source` names them."""
    (count,) = _header(data, source, LABEL_MAGIC, "label", fields=1)
    return _body(data, source, (count,))


def parse_images(data: bytes, source: str) -> ByteArray:
    """Turn the bytes of an image file into (count, rows, columns); `source` names them."""
    count, rows, columns = _header(data, source, IMAGE_MAGIC, "image", fields=3)
    return _body(data, source, (count, rows, columns))


def label_bytes(labels: ByteArray) -> bytes:
    """Return the IDX label file that holds `labels`, shape (count,)."""
    return struct.pack(">2I", LABEL_MAGIC, *labels.shape) + labels.tobytes()


def image_bytes(images: ByteArray) -> bytes:
    """Return the IDX image file that holds `images`, shape (count, rows, columns)."""
    return struct.pack(">4I", IMAGE_MAGIC, *images.shape) + images.tobytes()


def _header(data: bytes, source: str, magic: int, kind: str, fields: int) -> tuple[int, ...]:
    size = 4 * (1 + fields)
    if len(data) < size:
        raise DataError(
            f"{source} is cut short",
            expected=f"a header of {size} bytes",
            found=f"{len(data)} bytes in all",
            mend="copy or download the file again",
        )
    found, *shape = struct.unpack(f">{1 + fields}I", data[:size])
    if found != magic:
        others = {LABEL_MAGIC: "a label file", IMAGE_MAGIC: "an image file"}
        raise DataError(
            f"{source} is not an IDX {kind} file",
            expected=f"magic number {magic}",
            found=f"{found} ({others.get(found, 'not an IDX file of labels or images')})",
            mend="check that images and labels are not swapped and that this is the right file",
        )
    return tuple(shape)


def _body(data: bytes, source: str, shape: tuple[int, ...]) -> ByteArray:
    start = 4 * (1 + len(shape))
    expected = 1
    for length in shape:  # Python's whole numbers: a lying header must not overflow
        expected *= length
    found = len(data) - start
    if found != expected:
        raise DataError(
            f"{source} is cut short" if found < expected else f"{source} has bytes left over",
            expected=f"{expected} bytes after the header, for {' x '.join(map(str, shape))} values",
            found=f"{found} bytes",
            mend="copy or download the file again",
        )
    # A copy, so that the caller may write to it and the bytes can be freed.
    return np.frombuffer(data, dtype=np.uint8, offset=start).reshape(shape).copy()
