"""`load_mnist`: where it looks, what it returns, and what it refuses."""

from __future__ import annotations

import gzip
import os
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from course_utils import ArgumentError, DataError, load_mnist
from course_utils.data import mnist
from course_utils.data.digits import load_digits_like_mnist


def assert_is_tiny(data, tiny):
    x_train, y_train, x_test, y_test = data
    for x, y, part in ((x_train, y_train, "train"), (x_test, y_test, "test")):
        images, labels = tiny.arrays[f"x_{part}"], tiny.arrays[f"y_{part}"]
        assert x.dtype == y.dtype == np.float64
        assert_array_equal(np.rint(x * 255), images.reshape(len(images), 784))
        assert x.min() == 0
        assert x.max() == 1
        assert_array_equal(y.argmax(axis=1), labels)
        assert_array_equal(y.sum(axis=1), np.ones(len(labels)))
        assert y.shape == (len(labels), 10)


@pytest.mark.parametrize("gz", [False, True])
@pytest.mark.parametrize("dotted", [False, True])
def test_a_folder_of_idx_files(tmp_path, tiny_is_mnist, gz, dotted):
    folder = tiny_is_mnist.write(tmp_path / "data", gz=gz, dotted=dotted)
    assert_is_tiny(load_mnist(folder), tiny_is_mnist)
    assert_is_tiny(load_mnist(str(folder)), tiny_is_mnist)


def test_an_npz_file_and_its_folder(tmp_path, tiny_is_mnist):
    np.savez_compressed(tmp_path / "mnist.npz", **tiny_is_mnist.arrays)
    assert_is_tiny(load_mnist(tmp_path / "mnist.npz"), tiny_is_mnist)
    assert_is_tiny(load_mnist(tmp_path), tiny_is_mnist)


def test_npz_labels_of_a_wider_type(tmp_path, tiny_is_mnist):
    arrays = dict(tiny_is_mnist.arrays, y_test=tiny_is_mnist.arrays["y_test"].astype(np.int64))
    np.savez(tmp_path / "mnist.npz", **arrays)
    assert_is_tiny(load_mnist(tmp_path), tiny_is_mnist)


def test_every_call_returns_new_arrays(tmp_path, tiny_is_mnist):
    folder = tiny_is_mnist.write(tmp_path)
    for array in load_mnist(folder):
        array[:] = 0.5
    assert_is_tiny(load_mnist(folder), tiny_is_mnist)


def test_course_data_is_used_and_a_path_goes_before_it(tmp_path, tiny_is_mnist, monkeypatch):
    folder = tiny_is_mnist.write(tmp_path / "data")
    monkeypatch.setenv("COURSE_DATA", str(folder))
    assert_is_tiny(load_mnist(), tiny_is_mnist)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "nowhere"))
    assert_is_tiny(load_mnist(folder), tiny_is_mnist)


def test_the_home_folder_may_be_written_as_a_tilde(tmp_path, tiny_is_mnist, monkeypatch):
    tiny_is_mnist.write(tmp_path / "data")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert_is_tiny(load_mnist("~/data"), tiny_is_mnist)


def test_the_cache_is_used_before_the_network(tmp_path, tiny_is_mnist, monkeypatch):
    tiny_is_mnist.write(tmp_path / "cache")
    monkeypatch.setattr(mnist, "download", lambda folder: pytest.fail("no need to download"))
    assert_is_tiny(load_mnist(), tiny_is_mnist)


@pytest.mark.parametrize("how", ["path", "COURSE_DATA"])
def test_what_was_asked_for_is_never_replaced(tmp_path, monkeypatch, how):
    path = str(tmp_path / "nowhere")
    monkeypatch.setenv("COURSE_DATA", path if how == "COURSE_DATA" else "digits")
    with pytest.raises(DataError, match=r"(?s)nowhere is not there.*expected.*what to do"):
        load_mnist(path if how == "path" else None)


def test_an_empty_folder(tmp_path):
    with pytest.raises(DataError, match="found: an empty folder"):
        load_mnist(tmp_path)


def test_a_missing_file_is_named(tmp_path, tiny_is_mnist):
    folder = tiny_is_mnist.write(tmp_path, gz=True)
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError) as caught:
        load_mnist(folder)
    assert "expected: t10k-labels-idx1-ubyte (with or without .gz)" in str(caught.value)


def test_another_kind_of_file(tmp_path):
    (tmp_path / "mnist.csv").write_text("5,0,0")
    with pytest.raises(DataError, match=r"(?s)mnist.csv holds no MNIST.*another kind of file"):
        load_mnist(tmp_path / "mnist.csv")


@pytest.mark.parametrize("path", [5, b"data", ""])
def test_what_is_no_path(path):
    with pytest.raises(ArgumentError, match="path is not a path"):
        load_mnist(path)


def test_other_data_under_mnists_names_needs_verify_false(tmp_path, tiny):
    folder = tiny.write(tmp_path)
    with pytest.raises(DataError, match=r"(?s)train-images.*SHA-256 ba891046.*verify=False"):
        load_mnist(folder)
    assert_is_tiny(load_mnist(folder, verify=False), tiny)


@pytest.mark.parametrize("number", range(4))
def test_one_changed_byte_in_any_file_is_seen(tmp_path, tiny_is_mnist, number):
    name = list(tiny_is_mnist.files)[number]
    data = bytearray(tiny_is_mnist.files[name])
    data[-1] ^= 1
    folder = tiny_is_mnist.write(tmp_path)
    (folder / name).write_bytes(data)
    with pytest.raises(DataError, match=f"is not MNIST's {name}"):
        load_mnist(folder)


def test_a_changed_npz_is_seen_unless_it_has_another_name(tmp_path, tiny_is_mnist):
    x_test = tiny_is_mnist.arrays["x_test"].copy()
    x_test[-1, -1, -1] ^= 1
    for name in ("mnist.npz", "sample.npz"):
        np.savez(tmp_path / name, **dict(tiny_is_mnist.arrays, x_test=x_test))
    with pytest.raises(DataError, match=r"x_test in .*mnist.npz is not MNIST's t10k-images"):
        load_mnist(tmp_path / "mnist.npz")
    assert len(load_mnist(tmp_path / "sample.npz")[2]) == 5
    assert len(load_mnist(tmp_path, verify=False)[2]) == 5


def refused(path, *words):
    with pytest.raises(DataError) as caught:
        load_mnist(path, verify=False)
    for word in ("expected:", "found:", "what to do:", *words):
        assert word in str(caught.value)


def changed(tiny, tmp_path, **arrays):
    np.savez(tmp_path / "mnist.npz", **dict(tiny.arrays, **arrays))
    return tmp_path / "mnist.npz"


def test_images_and_labels_of_different_length(tmp_path, tiny):
    y_test = np.zeros(4, dtype=np.uint8)
    refused(changed(tiny, tmp_path, y_test=y_test), "test images", "5 images and 4 labels")
    tiny.write(tmp_path)
    short = (2049).to_bytes(4) + (1).to_bytes(4) + b"\x03"
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(short)
    refused(tmp_path, "train images", "12 images and 1 labels")


def test_images_of_another_size(tmp_path, tiny):
    images = np.zeros((5, 14, 28), dtype=np.uint8)
    refused(changed(tiny, tmp_path, x_test=images), "28 x 28 pixels", "14 x 28")


def test_a_label_that_is_no_digit(tmp_path, tiny):
    labels = np.array([0, 1, 2, 3, 10], dtype=np.uint8)
    refused(changed(tiny, tmp_path, y_test=labels), "class numbers 0..9", "found: 10")
    refused(changed(tiny, tmp_path, y_test=labels.astype(np.int64) - 300), "found: -300")
    wraps_to_3 = labels.astype(np.int64) + 249
    refused(changed(tiny, tmp_path, y_test=wraps_to_3), "found: 259")
    tiny.write(tmp_path)
    data = tiny.files["t10k-labels-idx1-ubyte"][:-1] + b"\x0b"
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(data)
    refused(tmp_path, "class numbers 0..9", "found: 11")


def test_no_images_at_all(tmp_path, tiny):
    x_test, y_test = np.zeros((0, 28, 28), dtype=np.uint8), np.zeros(0, dtype=np.uint8)
    refused(changed(tiny, tmp_path, x_test=x_test, y_test=y_test), "0 images and 0 labels")


def test_arrays_of_the_wrong_kind(tmp_path, tiny):
    grey = tiny.arrays["x_test"] / 255
    refused(changed(tiny, tmp_path, x_test=grey), "x_test", "uint8", "float64 (5, 28, 28)")
    flat = tiny.arrays["x_test"].reshape(5, 784)
    refused(changed(tiny, tmp_path, x_test=flat), "uint8 (5, 784)")
    refused(changed(tiny, tmp_path, y_test=np.eye(10)[:5]), "y_test", "float64 (5, 10)")


class Trap:
    """Unpickling this calls `print`; the test would see the line."""

    def __reduce__(self):
        return print, ("unpickled",)


def test_arrays_of_objects_are_not_unpickled(tmp_path, tiny, capsys):
    trap = np.array([Trap()] * 5, dtype=object)
    refused(changed(tiny, tmp_path, y_test=trap), "plain arrays", "never unpickled")
    (tmp_path / "p.npz").write_bytes(pickle.dumps(Trap()))
    refused(tmp_path / "p.npz", "never unpickled")
    assert "unpickled" not in capsys.readouterr().out


def test_npz_files_that_are_none(tmp_path, tiny):
    path = changed(tiny, tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refused(path, str(path))
    path.write_bytes(b"")
    refused(path, str(path))
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    path.write_bytes(damaged)
    refused(path, str(path))
    with path.open("wb") as stream:
        np.save(stream, np.zeros(3))
    refused(path, "one single array")
    np.savez(path, x_train=np.zeros(3))
    refused(path, "without y_train, x_test, y_test")


def test_a_damaged_gzip_in_a_folder(tmp_path, tiny_is_mnist):
    folder = tiny_is_mnist.write(tmp_path, gz=True)
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="damaged gzip"):
        load_mnist(folder)
    path.write_bytes(gzip.compress(tiny_is_mnist.files["train-images-idx3-ubyte"][:-1]))
    with pytest.raises(DataError, match="cut short"):  # says more than a wrong checksum
        load_mnist(folder)


@pytest.mark.parametrize("how", ["path", "COURSE_DATA"])
def test_the_word_digits_chooses_the_stand_in(monkeypatch, capsys, how):
    monkeypatch.setattr(mnist, "download", lambda folder: pytest.fail("must not download"))
    monkeypatch.setenv("COURSE_DATA", "digits" if how == "COURSE_DATA" else "/nowhere")
    for _ in range(2):
        x_train, y_train, x_test, y_test = load_mnist("digits" if how == "path" else None)
    assert [a.shape for a in (x_train, y_train, x_test, y_test)] == [
        (1540, 784),
        (1540, 10),
        (257, 784),
        (257, 10),
    ]
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "digits" in printed.err


def test_a_folder_called_digits(tmp_path, tiny_is_mnist, monkeypatch):
    tiny_is_mnist.write(tmp_path / "digits")
    monkeypatch.chdir(tmp_path)
    assert_is_tiny(load_mnist("./digits"), tiny_is_mnist)


def test_the_stand_in_looks_like_mnist():
    train_images, train_labels, test_images, test_labels = load_digits_like_mnist()
    images = np.concatenate([train_images, test_images])
    assert images.dtype == np.uint8
    assert images.max() == 255
    assert not images[:, :4].any()  # 4 pixels of background on each side, as in MNIST
    assert not images[:, -4:].any()
    assert not images[:, :, :4].any()
    assert not images[:, :, -4:].any()
    for labels, least in ((train_labels, 140), (test_labels, 20)):
        assert np.bincount(labels, minlength=10).min() >= least


def test_the_stand_in_shows_the_same_digits_the_same_way_up():
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images, labels = load_digits_like_mnist()[2:]
    assert_array_equal(labels, bunch.target[::7])
    # Averaged over quarters, the enlarged image is the original one.
    small = images[:, 4:24, 4:24].reshape(257, 2, 10, 2, 10).mean(axis=(2, 4)) / 255
    original = bunch.images[::7].reshape(257, 2, 4, 2, 4).mean(axis=(2, 4)) / 16
    assert np.abs(small - original).max() < 0.06


def test_preloaded_data_is_not_read_again(tmp_path, tiny_is_mnist, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tiny_is_mnist.write(tmp_path)))
    mnist.preload_mnist()
    monkeypatch.setattr(mnist, "_raw_data", lambda path, verify: pytest.fail("read again"))
    assert_is_tiny(load_mnist(), tiny_is_mnist)


def test_preloaded_data_is_handed_over_once_and_for_its_source(
    tmp_path, tiny_is_mnist, monkeypatch
):
    monkeypatch.setenv("COURSE_DATA", str(tiny_is_mnist.write(tmp_path)))
    mnist.preload_mnist()
    assert len(load_mnist("digits")[0]) == 1540
    first = load_mnist()
    second = load_mnist()
    assert not np.shares_memory(first[0], second[0])
    assert_is_tiny(second, tiny_is_mnist)
    mnist.preload_mnist()
    monkeypatch.setenv("COURSE_DATA", "digits")
    assert len(load_mnist()[0]) == 1540


@pytest.mark.mnist
def test_real_mnist(real_mnist):
    x_train, y_train, x_test, y_test = real_mnist
    assert (x_train.shape, y_train.shape) == ((60000, 784), (60000, 10))
    assert (x_test.shape, y_test.shape) == ((10000, 784), (10000, 10))
    assert x_train.dtype == y_train.dtype == x_test.dtype == y_test.dtype == np.float64
    assert (x_train.min(), x_train.max()) == (0, 1)
    assert_array_equal(y_train.argmax(axis=1)[:5], [5, 0, 4, 1, 9])
    assert_array_equal(y_test.sum(axis=0), [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
    assert x_train.mean() == pytest.approx(0.1307, abs=5e-5)  # the usual normalisation constants
    assert x_train.std() == pytest.approx(0.3081, abs=5e-5)


def test_the_error_survives_a_process_border(tmp_path):
    with pytest.raises(DataError) as caught:
        load_mnist(tmp_path / "nowhere")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is DataError
    assert str(copy) == str(caught.value)
    assert os.fspath(tmp_path) in str(copy)
