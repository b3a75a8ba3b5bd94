"""The Weights & Biases tracker: choosing the mode, and a real run in its offline mode."""

from __future__ import annotations

import inspect
import sys
import time
from types import SimpleNamespace

import pytest

from course_utils.errors import ArgumentError, CourseUtilsError
from course_utils.tracking import WandbTracker


@pytest.fixture(autouse=True)
def _no_account(monkeypatch, tmp_path):
    for name in ("WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    # Whatever would go to the network fails, and nothing is kept in the home folder.
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    for name in ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


@pytest.fixture
def stand_in(monkeypatch):
    """Put a recorder in place of the package, so that the mode can be tested without it."""
    calls = []

    def init(**options):
        log = []
        calls.append((options, log))
        config = SimpleNamespace(update=lambda *a, **k: log.append(("config", a[0])))
        summary = SimpleNamespace(update=lambda values: log.append(("summary", values)))
        return SimpleNamespace(
            log=lambda row: log.append(("log", row)),
            finish=lambda: log.append(("finish", None)),
            config=config,
            summary=summary,
        )

    module = SimpleNamespace(init=init, Settings=lambda **options: options)
    monkeypatch.setitem(sys.modules, "wandb", module)
    return calls


@pytest.mark.parametrize(
    ("argument", "environment", "expected"),
    [
        (None, {}, "offline"),
        (None, {"WANDB_API_KEY": "k"}, "online"),
        (None, {"WANDB_API_KEY": "k", "WANDB_MODE": "disabled"}, "disabled"),
        ("offline", {"WANDB_API_KEY": "k", "WANDB_MODE": "online"}, "offline"),
    ],
)
def test_the_mode_comes_from_the_argument_or_the_environment(
    stand_in, monkeypatch, tmp_path, argument, environment, expected
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    tracker = WandbTracker(folder=tmp_path, mode=argument)
    tracker.log_epoch("a", 1, {"val_loss": 1.0})
    assert stand_in[0][0]["mode"] == expected


def test_going_online_without_a_key_is_refused_before_anything_is_sent(stand_in, tmp_path):
    with pytest.raises(ArgumentError, match="WANDB_API_KEY"):
        WandbTracker(folder=tmp_path, mode="online")
    assert not stand_in


def test_an_unknown_mode_is_refused(stand_in, monkeypatch, tmp_path):
    monkeypatch.setenv("WANDB_MODE", "of-line")
    with pytest.raises(ArgumentError, match="not a mode"):
        WandbTracker(folder=tmp_path)


def test_wandb_needs_a_folder(stand_in):
    with pytest.raises(ArgumentError, match="not a path"):
        WandbTracker(folder=None)
    assert not stand_in


def test_there_is_no_argument_for_a_key():
    assert not [name for name in inspect.signature(WandbTracker).parameters if "key" in name]


def test_each_experiment_is_one_run_that_ends_with_its_summary(stand_in, tmp_path):
    tracker = WandbTracker("digits", folder=tmp_path)
    tracker.log_epoch("a", 1, {"val_loss": 1.0})
    tracker.log_epoch("b", 1, {"val_loss": 3.0})
    tracker.log_epoch("a", 2, {"val_loss": 0.5})
    tracker.log_summary("a", {"test_accuracy": 0.9, "config": {"patience": 3}})
    assert ("finish", None) in stand_in[0][1]  # before close
    tracker.close()
    (options, first), (_, second) = stand_in
    assert (options["project"], options["name"]) == ("digits", "a")
    assert first == [
        ("log", {"epoch": 1, "val_loss": 1.0}),
        ("log", {"epoch": 2, "val_loss": 0.5}),
        ("config", {"patience": 3}),
        ("summary", {"test_accuracy": 0.9}),
        ("finish", None),
    ]
    assert second == [("log", {"epoch": 1, "val_loss": 3.0}), ("finish", None)]


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(CourseUtilsError, match="pip install wandb"):
        WandbTracker()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # what wandb's own dependencies warn of
def test_a_real_offline_run_keeps_its_numbers_in_the_folder(tmp_path):
    pytest.importorskip("wandb")
    tracker = WandbTracker("digits", folder=tmp_path / "runs")
    assert tracker.mode == "offline"
    for epoch in (1, 2):
        tracker.log_epoch("softmax", epoch, {"val_loss": 1 / epoch})
    tracker.log_summary("softmax", {"test_accuracy": 0.921875, "config": {"patience": 3}})
    (file,) = (tmp_path / "runs" / "wandb").glob("offline-run-*/run-*.wandb")
    texts = (b"val_loss", b"test_accuracy", b"0.921875", b"patience", b"softmax")
    # wandb writes from a process of its own, which may still be at it when finish() returns.
    deadline = time.monotonic() + 60
    while not all(text in file.read_bytes() for text in texts) and time.monotonic() < deadline:
        time.sleep(0.1)
    for text in texts:
        assert text in file.read_bytes()
    # Its own files are there as well, and a tracker that knows nothing of wandb reads them.
    from course_utils.tracking import ExperimentTracker

    local = ExperimentTracker(tmp_path / "runs")
    assert local.experiments == ["softmax"]
    assert local.get_experiment_df("softmax")["val_loss"].tolist() == [1.0, 0.5]
