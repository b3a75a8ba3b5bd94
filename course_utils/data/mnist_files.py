"""MNIST's files on disk: their names, their checksums, and how they are read.

The checksums are of the *decompressed* bytes, since the same data gzipped again has another one.
The arrays of an ``mnist.npz`` are checked by the IDX bytes they stand for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_utils.arrays import ByteArray
from course_utils.data.idx import image_bytes, label_bytes, parse_images, parse_labels, read_bytes
from course_utils.errors import DataError
from course_utils.npz import read_arrays


@dataclass(frozen=True)
class MnistFile:
    """One of the four files: its name, and SHA-256 of its bytes and of the original gzip."""

    name: str
    array: str  # the name inside mnist.npz
    sha256: str
    gzip_sha256: str


FILES = (
    MnistFile(
        "train-images-idx3-ubyte",
        "x_train",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    MnistFile(
        "train-labels-idx1-ubyte",
        "y_train",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    MnistFile(
        "t10k-images-idx3-ubyte",
        "x_test",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    MnistFile(
        "t10k-labels-idx1-ubyte",
        "y_test",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
)
NPZ_NAME = "mnist.npz"
OTHER_DATA = "to read another data set on purpose, call load_mnist(path, verify=False)"

# train images, train labels, test images, test labels
RawData = tuple[ByteArray, ByteArray, ByteArray, ByteArray]


def read_path(path: Path, verify: bool) -> RawData:
    """Read a folder of four IDX files (gzipped or not) or of one ``mnist.npz``, or an npz file.

    Parameters
    ----------
    path : Path
    verify : bool
        Whether files under MNIST's own names must be MNIST to the byte.

    Returns
    -------
    train_images, train_labels, test_images, test_labels : ndarray of uint8
        Shapes (count, 28, 28) and (count,).

    Raises
    ------
    DataError
        Where something is missing, damaged, or not MNIST.
    """
    if path.is_dir():
        found = {file.name: _find(path, file.name) for file in FILES}
        npz = path / NPZ_NAME
        if npz.is_file() and not all(found.values()):
            return _checked(_read_npz(npz, verify), str(path))
        return _checked(_read_idx_folder(path, found, verify), str(path))
    if path.suffix == ".npz" and path.exists():
        # A file under another name makes no claim to be MNIST.
        return _checked(_read_npz(path, verify and path.name == NPZ_NAME), str(path))
    raise DataError(
        f"{path} holds no MNIST" if path.exists() else f"{path} is not there",
        expected="a folder with the four IDX files (gzipped or not), or an .npz file",
        found="another kind of file" if path.exists() else "no file or folder of that name",
        mend="check the path; load_mnist() without one, and without COURSE_DATA, downloads MNIST",
    )


def _find(folder: Path, name: str) -> Path | None:
    """Return the file called `name` in `folder`, under one of the spellings in use."""
    dotted = name.replace("-idx", ".idx")
    for spelling in (name, f"{name}.gz", dotted, f"{dotted}.gz"):
        if (folder / spelling).is_file():
            return folder / spelling
    return None


def _read_idx_folder(folder: Path, found: dict[str, Path | None], verify: bool) -> RawData:
    paths = {name: path for name, path in found.items() if path is not None}
    missing = [name for name in found if name not in paths]
    if missing:
        names = sorted(entry.name for entry in folder.iterdir())
        shown = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
        raise DataError(
            f"the folder {folder} does not hold the whole of MNIST",
            expected=f"{', '.join(missing)} (with or without .gz), or {NPZ_NAME}",
            found=shown or "an empty folder",
            mend="copy the missing files there, or name another folder",
        )
    arrays = []
    for file in FILES:
        source = paths[file.name]
        data = read_bytes(source)
        parse = parse_images if "images" in file.name else parse_labels
        array = parse(data, str(source))  # first: "cut short" says more than "another checksum"
        if verify:
            _verify(data, file, str(source))
        arrays.append(array)
    return arrays[0], arrays[1], arrays[2], arrays[3]


def _read_npz(path: Path, verify: bool) -> RawData:
    arrays = read_arrays(path, [file.array for file in FILES])
    raw = []
    for file in FILES:
        array = arrays[file.array]
        is_image = file.array.startswith("x")
        source = f"{file.array} in {path}"
        # Labels are often stored in a wider type of whole numbers.
        fits = array.dtype == np.uint8 or (not is_image and array.dtype.kind in "iu")
        if not fits or array.ndim != (3 if is_image else 1):
            raise DataError(
                f"{source} is not an array of {'images' if is_image else 'labels'}",
                expected="uint8 (count, 28, 28)" if is_image else "whole numbers (count,)",
                found=f"{array.dtype} {array.shape}",
                mend="save the raw grey values 0..255 and the class numbers",
            )
        if not is_image and array.size and not 0 <= array.min() <= array.max() <= 9:
            raise _not_a_digit(source, int(array.max() if array.max() > 9 else array.min()))
        array = array.astype(np.uint8)
        if verify:
            _verify(image_bytes(array) if is_image else label_bytes(array), file, source)
        raw.append(array)
    return raw[0], raw[1], raw[2], raw[3]


def _verify(data: bytes, file: MnistFile, source: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != file.sha256:
        raise DataError(
            f"{source} is not MNIST's {file.name}",
            expected=f"SHA-256 {file.sha256} of the decompressed bytes",
            found=f"SHA-256 {found}",
            mend=f"copy or download the file again; {OTHER_DATA}",
        )


def _checked(data: RawData, source: str) -> RawData:
    """Check what no single file can show: that the four belong together."""
    for images, labels, part in ((data[0], data[1], "train"), (data[2], data[3], "test")):
        if len(images) != len(labels) or len(images) == 0:
            raise DataError(
                f"the {part} images and labels in {source} do not belong together",
                expected="one label for each image, and at least one image",
                found=f"{len(images)} images and {len(labels)} labels",
                mend="take all files from the same source",
            )
        if images.shape[1:] != (28, 28):
            raise DataError(
                f"the {part} images in {source} have another size than MNIST's",
                expected="28 x 28 pixels",
                found=" x ".join(map(str, images.shape[1:])),
                mend="read other images with read_image_file",
            )
        if labels.max() > 9:
            raise _not_a_digit(f"{part} labels in {source}", int(labels.max()))
    return data


def _not_a_digit(source: str, label: int) -> DataError:
    return DataError(
        f"{source} holds a label that is no digit",
        expected="class numbers 0..9",
        found=str(label),
        mend="read other label files with read_label_file",
    )
