"""The tracker: what is kept, what comes back from its files, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from course_utils.errors import ArgumentError, DataError
from course_utils.tracking import ExperimentTracker


@pytest.fixture(autouse=True)
def _closed_figures():
    import matplotlib.pyplot as plt

    plt.switch_backend("Agg")
    yield
    plt.close("all")


def filled(folder):
    tracker = ExperimentTracker(folder)
    for epoch in (1, 2, 3):
        tracker.log_epoch(
            "a", epoch, {"train_loss": 1 / epoch, "val_loss": 0.1 + 0.2, "val_accuracy": 0.9}
        )
    tracker.log_epoch("b", 1, {"val_loss": np.float32(0.5), "batches": np.int64(7)})
    tracker.log_summary(
        "a",
        {
            "test_accuracy": np.float64(0.91),
            "test_images": 100,
            "confusion_matrix": np.array([[5, 1], [2, 4]]),
            "config": {"sizes": (1, 2)},
        },
    )
    return tracker


@pytest.mark.parametrize("again", [False, True])
def test_everything_comes_back_to_the_last_digit(tmp_path, again):
    tracker = filled(tmp_path)
    if again:
        tracker = ExperimentTracker(tmp_path)
    assert tracker.experiments == ["a", "b"]
    frame = tracker.get_experiment_df("a")
    assert list(frame.columns) == ["epoch", "train_loss", "val_loss", "val_accuracy"]
    assert frame["train_loss"].tolist() == [1.0, 0.5, 1 / 3]
    assert frame["val_loss"].tolist() == [0.1 + 0.2] * 3
    assert tracker.get_experiment_df("b")["batches"].tolist() == [7]
    assert tracker.get_summary("a")["confusion_matrix"] == [[5, 1], [2, 4]]
    summaries = tracker.get_all_summaries()
    assert summaries.to_dict("records") == [
        {"experiment": "a", "test_accuracy": 0.91, "test_images": 100}
    ]


def test_the_files_are_plain_csv_and_json(tmp_path):
    filled(tmp_path)
    lines = (tmp_path / "a" / "epochs.csv").read_text().splitlines()
    assert lines[0] == "epoch,train_loss,val_loss,val_accuracy"
    assert lines[1] == "1,1.0,0.30000000000000004,0.9"
    assert json.loads((tmp_path / "a" / "summary.json").read_text())["test_images"] == 100


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    filled(None)
    assert not list(tmp_path.iterdir())


def test_the_default_folder_is_called_experiments(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ExperimentTracker().log_epoch("a", 1, {"val_loss": 1.0})
    assert (tmp_path / "experiments" / "a" / "epochs.csv").is_file()


def test_an_epoch_told_twice_is_replaced_and_epochs_are_sorted():
    tracker = ExperimentTracker(None)
    for epoch, loss in ((2, 0.5), (1, 1.0), (2, 0.25)):
        tracker.log_epoch("a", epoch, {"val_loss": loss})
    assert tracker.get_experiment_df("a").to_dict("list") == {
        "epoch": [1, 2],
        "val_loss": [1.0, 0.25],
    }


def test_a_metric_may_come_later_and_nan_is_kept(tmp_path):
    tracker = ExperimentTracker(tmp_path)
    tracker.log_epoch("a", 1, {"val_loss": float("nan")})
    tracker.log_epoch("a", 2, {"val_loss": 1.0, "grad_norm": 2.0})
    frame = ExperimentTracker(tmp_path).get_experiment_df("a")
    assert frame["val_loss"].isna().tolist() == [True, False]
    assert frame["grad_norm"].isna().tolist() == [True, False]


def test_clear_forgets_one_experiment_and_leaves_other_files(tmp_path):
    tracker = filled(tmp_path)
    (tmp_path / "a" / "model.npz").write_bytes(b"kept")
    tracker.clear("a")
    tracker.clear("b")
    tracker.clear("never-there")
    assert tracker.experiments == []
    assert ExperimentTracker(tmp_path).experiments == []
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == [
        "a",
        "a/model.npz",
    ]


def test_the_export_holds_all_runs(tmp_path):
    filled(tmp_path / "runs").export_csv(tmp_path / "out")
    epochs = pd.read_csv(tmp_path / "out" / "epochs.csv")
    assert epochs["experiment"].tolist() == ["a", "a", "a", "b"]
    assert epochs["epoch"].tolist() == [1, 2, 3, 1]
    summaries = pd.read_csv(tmp_path / "out" / "summaries.csv")
    assert summaries.to_dict("records") == [
        {"experiment": "a", "test_accuracy": 0.91, "test_images": 100}
    ]


def test_exported_tables_are_not_taken_for_runs(tmp_path):
    filled(tmp_path).export_csv()
    assert ExperimentTracker(tmp_path).experiments == ["a", "b"]


def test_an_empty_tracker_has_empty_tables(tmp_path):
    tracker = ExperimentTracker(tmp_path / "none")
    assert tracker.get_all_summaries().empty
    assert [path.name for path in tracker.export_csv()] == ["summaries.csv", "epochs.csv"]


def test_export_without_a_folder_is_an_error_that_says_how():
    with pytest.raises(ArgumentError, match="export_csv\\('my-results'\\)"):
        ExperimentTracker(None).export_csv()


@pytest.mark.parametrize("name", ["", "../outside", "a/b", ".hidden", "a\n", None, "x" * 101])
def test_a_name_that_cannot_be_a_folder_is_refused(tmp_path, name):
    tracker = ExperimentTracker(tmp_path)
    for call in (
        lambda: tracker.log_epoch(name, 1, {"a": 1.0}),
        lambda: tracker.log_summary(name, {}),
        lambda: tracker.clear(name),
    ):
        with pytest.raises(ArgumentError, match="cannot name an experiment"):
            call()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", ["0.5", None, [1.0], True])
def test_a_metric_that_is_no_number_is_refused(value):
    with pytest.raises(ArgumentError, match="'val_loss' is not a number"):
        ExperimentTracker(None).log_epoch("a", 1, {"val_loss": value})


def test_an_unknown_experiment_is_an_error_that_lists_the_known_ones():
    with pytest.raises(ArgumentError) as error:
        filled(None).get_experiment_df("c")
    assert error.value.expected == "one of a, b"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("epochs.csv", "epoch,val_loss\n1,much\n"),
        ("epochs.csv", "step,val_loss\n1,0.5\n"),
        ("epochs.csv", "epoch,val_loss\n1,0.5,9\n"),
        ("summary.json", '{"a": '),
        ("summary.json", "[1, 2]"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, file, text):
    filled(tmp_path)
    (tmp_path / "a" / file).write_text(text)
    with pytest.raises(DataError, match=f"{file} is damaged"):
        ExperimentTracker(tmp_path)


def test_its_plots_show_what_it_holds(tmp_path):
    tracker = filled(tmp_path)
    lines = {line.get_gid(): line for line in tracker.plot_training_curves("loss").get_lines()}
    assert set(lines) == {"a/train_loss", "a/val_loss", "b/val_loss"}
    np.testing.assert_allclose(lines["a/train_loss"].get_ydata(), [1.0, 0.5, 1 / 3])
    only = tracker.plot_training_curves("val_loss", names=["b"])
    assert only.get_title() == "b"
    assert "75.00 % of 12 right" in tracker.plot_confusion_matrix("a").get_title()
    comparison = tracker.plot_experiment_comparison("test_accuracy")
    assert [label.get_text() for label in comparison.get_yticklabels()] == ["a"]


def test_a_run_without_a_confusion_matrix_says_so():
    with pytest.raises(ArgumentError, match="b has no confusion matrix"):
        filled(None).plot_confusion_matrix("b")
