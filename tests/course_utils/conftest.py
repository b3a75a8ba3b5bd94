"""Data for the library's tests: a tiny MNIST, and no way to the network."""

from __future__ import annotations

import gzip
import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng

from course_utils.data import download, idx, mnist, mnist_files

REAL_DATA = os.environ.get("COURSE_DATA", "")


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch, tmp_path):
    """Each test starts like a new process: no COURSE_DATA, an empty cache, no network."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setattr(mnist, "_said", set())
    monkeypatch.setattr(mnist, "_download_failed", None)
    monkeypatch.setattr(mnist, "_preloaded", None)
    monkeypatch.setattr(mnist, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:9/", "http://127.0.0.1:9/x/"))
    for proxy in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(proxy, raising=False)
        monkeypatch.delenv(proxy.upper(), raising=False)


@dataclass
class TinyMnist:
    """Twelve training and five test images, and the bytes of their IDX files."""

    arrays: dict[str, np.ndarray]  # by the names in mnist.npz
    files: dict[str, bytes]  # by the names of the IDX files, not gzipped

    def write(self, folder: Path, *, gz: bool = False, dotted: bool = False) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in self.files.items():
            name = name.replace("-idx", ".idx") if dotted else name
            (folder / (f"{name}.gz" if gz else name)).write_bytes(
                gzip.compress(data) if gz else data
            )
        return folder


@pytest.fixture
def tiny() -> TinyMnist:
    rng = default_rng(7)
    arrays, files = {}, {}
    for file in mnist_files.FILES:
        count = 12 if file.array.endswith("train") else 5
        if file.array.startswith("x"):
            array = rng.integers(0, 256, size=(count, 28, 28), dtype=np.uint8)
            array[0, 0, :2] = (0, 255)
            files[file.name] = idx.image_bytes(array)
        else:
            array = rng.integers(0, 10, size=count, dtype=np.uint8)
            files[file.name] = idx.label_bytes(array)
        arrays[file.array] = array
    return TinyMnist(arrays, files)


@pytest.fixture
def tiny_is_mnist(tiny, monkeypatch) -> TinyMnist:
    """Make the library take the tiny data for MNIST itself, by its checksums."""
    files = tuple(
        replace(
            file,
            sha256=hashlib.sha256(tiny.files[file.name]).hexdigest(),
            gzip_sha256=hashlib.sha256(_gzipped(tiny.files[file.name])).hexdigest(),
        )
        for file in mnist_files.FILES
    )
    monkeypatch.setattr(mnist_files, "FILES", files)
    monkeypatch.setattr(download, "FILES", files)
    return tiny


def _gzipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


@pytest.fixture
def gzipped():
    """Return the function that gzips data as the tiny MNIST's download checksums expect."""
    return _gzipped


@pytest.fixture(scope="session")
def real_mnist():
    if REAL_DATA in ("", "digits"):
        pytest.skip("COURSE_DATA names no folder with MNIST")
    return mnist.load_mnist(REAL_DATA)
