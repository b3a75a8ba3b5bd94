"""Files of models and of interrupted trainings, and errors that name what is wrong in them."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils.errors import DataError
from course_utils.nn import BatchNorm1d, Linear, Sequential
from course_utils.training import DeepBigSimpleNet, load_model, save_model
from course_utils.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint


def small_net(width=4):
    return DeepBigSimpleNet(6, [width], 3, dropout_rate=0.0)


def test_a_saved_model_comes_back_bit_for_bit(tmp_path):
    model, other = small_net(), small_net()
    model.layers[1].running_mean += 3
    save_model(model, tmp_path / "deep" / "model.npz")
    assert load_model(other, tmp_path / "deep" / "model.npz") is other
    saved, loaded = model.state_dict(), other.state_dict()
    assert saved.keys() == loaded.keys()
    for name in saved:
        np.testing.assert_array_equal(saved[name], loaded[name], strict=True)


def test_the_file_holds_no_pickle(tmp_path):
    save_model(small_net(), tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz", allow_pickle=False) as file:
        assert set(file.files) == set(small_net().state_dict())


def test_a_model_of_other_layers_is_refused_by_name_and_left_as_it_was(tmp_path):
    save_model(Sequential(Linear(6, 4), Linear(4, 3)), tmp_path / "model.npz")
    model = Sequential(Linear(6, 4), BatchNorm1d(4), Linear(4, 3))
    before = model.state_dict()
    with pytest.raises(DataError) as error:
        load_model(model, tmp_path / "model.npz")
    assert "missing: 1.running_mean" in error.value.found
    assert "missing: 2.weight" in error.value.found
    assert "1.weight: shape (3, 4) instead of (4,)" in error.value.found
    assert all(np.array_equal(before[name], value) for name, value in model.state_dict().items())


def test_what_the_model_does_not_have_is_named(tmp_path):
    save_model(Sequential(Linear(6, 4), Linear(4, 3)), tmp_path / "model.npz")
    with pytest.raises(DataError) as error:
        load_model(Sequential(Linear(6, 4)), tmp_path / "model.npz")
    assert error.value.found == "unexpected: 1.weight, unexpected: 1.bias"


def test_other_sizes_are_named(tmp_path):
    save_model(small_net(4), tmp_path / "model.npz")
    with pytest.raises(DataError, match=r"layers.0.weight: shape \(4, 6\) instead of \(5, 6\)"):
        load_model(small_net(5), tmp_path / "model.npz")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"model\.npz is not there"):
        load_model(small_net(), tmp_path / "model.npz")


@pytest.mark.parametrize("damage", ["text", "cut", "pickle", "one array", "empty"])
def test_a_damaged_file_is_named(tmp_path, damage):
    path = tmp_path / "model.npz"
    save_model(small_net(), path)
    whole = path.read_bytes()
    if damage == "text":
        path.write_text("not an archive")
    elif damage == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "pickle":
        np.savez(path, **{"layers.0.weight": np.array([{"a": 1}], dtype=object)})
    elif damage == "one array":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    else:
        path.write_bytes(b"")
    with pytest.raises(DataError, match=r"model\.npz cannot be read"):
        load_model(small_net(), path)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    save_model(small_net(), path)
    before = path.read_bytes()

    def full_disk(file, **arrays):
        file.write(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(DataError, match=r"(?s)model.npz cannot be written.*no space"):
        save_model(small_net(), path)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["model.npz"]


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    checkpoint = Checkpoint(
        config={"learning_rate": 0.1 + 0.2},
        epoch=2,
        history=[{"epoch": 1, "val_loss": 1 / 3}, {"epoch": 2, "val_loss": 0.25}],
        facts={"stopper": {"min_validation_loss": float("inf")}, "random": {"state": 2**127 + 1}},
        model={"0.weight": np.arange(6, dtype=np.float32).reshape(2, 3)},
        optimizer={"mean.0": np.ones((2, 3))},
        optimizer_facts={"lr": 0.1, "step.0": 7},
    )
    write_checkpoint(tmp_path / "c.npz", checkpoint)
    read = read_checkpoint(tmp_path / "c.npz")
    for name in ("config", "epoch", "history", "facts", "optimizer_facts", "best"):
        assert getattr(read, name) == getattr(checkpoint, name)
    np.testing.assert_array_equal(read.model["0.weight"], checkpoint.model["0.weight"], strict=True)
    assert set(read.optimizer_state()) == {"mean.0", "lr", "step.0"}


def test_a_model_is_no_checkpoint(tmp_path):
    save_model(small_net(), tmp_path / "model.npz")
    with pytest.raises(DataError, match="is no checkpoint"):
        read_checkpoint(tmp_path / "model.npz")
