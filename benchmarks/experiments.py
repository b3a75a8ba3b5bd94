"""Train the eleven experiments of lab 5 on real MNIST and write their table.

    python benchmarks/experiments.py                                     # all, as in docs/
    python benchmarks/experiments.py --only deep_net_nano --epochs 2     # a quick look

MNIST is found as by `load_mnist`: in COURSE_DATA, in the cache, or by a download. What was trained
before in the folder is kept, and what was interrupted goes on: run the same command again.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from course_utils.errors import CourseUtilsError
from course_utils.tracking import ExperimentTracker
from course_utils.training import ExperimentData, TrainingConfig, run_experiments, split_mnist

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "experiments.md"
FOLDER = ROOT / "build" / "experiments"
IMAGES = 70_000

# What the original lab reports for each (PyTorch on a GPU); None where it gives no number.
REPORTED = {
    "softmax_lr_1.0": 0.8900,
    "softmax_lr_0.01": 0.9214,
    "softmax_lr_0.00001": 0.7154,
    "softmax_warmup_cosine": None,
    "softmax_batch_1": 0.8903,
    "softmax_batch_32": 0.9198,
    "softmax_batch_256": 0.9163,
    "softmax_with_regularization": None,
    "deep_net_nano": 0.9490,
    "deep_net_medium": 0.9913,
    "deep_net_large": 0.9905,
}

DEEP = {
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "scheduler_type": "warmup_cosine",
    "use_augmentation": True,
}

# Only what differs from the defaults of TrainingConfig.
SETTINGS: dict[str, dict[str, Any]] = {
    "softmax_lr_1.0": {"learning_rate": 1.0},
    "softmax_lr_0.01": {"learning_rate": 0.01},
    "softmax_lr_0.00001": {"learning_rate": 0.00001},
    "softmax_warmup_cosine": {"scheduler_type": "warmup_cosine"},
    "softmax_batch_1": {"batch_size": 1},
    "softmax_batch_32": {"batch_size": 32},
    "softmax_batch_256": {"batch_size": 256},
    "softmax_with_regularization": {
        "batch_size": 256,
        "weight_decay": 0.01,
        "dropout_rate": 0.1,
    },
    "deep_net_nano": {
        "hidden_sizes": [40, 15],
        "dropout_rate": 0.1,
        "weight_decay": 1e-4,
        "scheduler_type": "warmup_cosine",
    },
    "deep_net_medium": {**DEEP, "hidden_sizes": [1500, 1000, 500], "dropout_rate": 0.2},
    "deep_net_large": {
        **DEEP,
        "hidden_sizes": [2500, 2000, 1500, 1000, 500],
        "dropout_rate": 0.2,
    },
}


class PrintingTracker(ExperimentTracker):
    """Also prints a line for each epoch, so that a log file shows how far it is."""

    def log_epoch(self, name: str, epoch: int, metrics: Mapping[str, Any]) -> None:
        """Keep the metrics of one epoch, and print them."""
        super().log_epoch(name, epoch, metrics)
        print(
            f"{name}  epoch {epoch}  {metrics['seconds']:.1f} s"
            f"  training loss {metrics['train_loss']:.4f}"
            f"  validation {metrics['val_loss']:.4f}, {metrics['val_accuracy']:.2%}",
            flush=True,
        )


def configurations(
    only: list[str] | None = None, epochs: int | None = None
) -> list[TrainingConfig]:
    """Return the experiments by name, all of them by default; the warm-up keeps its share."""
    changed = {} if epochs is None else {"num_epochs": epochs, "warmup_epochs": epochs // 10}
    return [
        TrainingConfig(experiment_name=name, **{**settings, **changed})
        for name, settings in SETTINGS.items()
        if not only or name in only
    ]


def table(tracker: ExperimentTracker) -> str:
    """Return the results of what has ended, as a Markdown table."""
    lines = [
        "| experiment | test accuracy | reported | epochs (best) | training | inference |",
        "|---|---|---|---|---|---|",
    ]
    for name, reported in REPORTED.items():
        if name not in tracker.experiments:
            continue
        row = tracker.get_summary(name)
        if "test_accuracy" not in row:
            continue
        lines.append(
            f"| {name} | {100 * row['test_accuracy']:.2f} ± {100 * row['sampling_error']:.2f} %"
            f" | {'-' if reported is None else f'{100 * reported:.2f} %'}"
            f" | {row['epochs']} ({row['best_epoch']})"
            f" | {row['train_seconds']:,.0f} s"
            f" | {row['inference_ms']:.2f} ± {row['inference_ms_std']:.2f} ms |"
        )
    return "\n".join(lines)


def short_of_reported(tracker: ExperimentTracker) -> list[str]:
    """Return the experiments whose accuracy is below the reported one by more than its error."""
    return [
        name
        for name, reported in REPORTED.items()
        if reported is not None
        and name in tracker.experiments
        and tracker.get_summary(name).get("test_accuracy", 1.0)
        < reported - tracker.get_summary(name).get("sampling_error", 0.0)
    ]


def settings_table() -> str:
    """Return what each experiment sets, as a Markdown table."""
    defaults = TrainingConfig()
    lines = ["| experiment | settings that differ from the defaults |", "|---|---|"]
    for config in configurations():
        changed = [
            f"{field.name} {getattr(config, field.name)}"
            for field in dataclasses.fields(config)
            if field.name != "experiment_name"
            and getattr(config, field.name) != getattr(defaults, field.name)
        ]
        lines.append(f"| {config.experiment_name} | {', '.join(changed) or '(none)'} |")
    return "\n".join(lines)


def machine() -> str:
    """Return what the times depend on."""
    threads = os.environ.get("OPENBLAS_NUM_THREADS") or str(os.cpu_count())
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {threads} threads in matrix products, "
        f"Python {platform.python_version()}, numpy {np.__version__}"
    )


DOCUMENT_TEXT = """\
# The experiments of lab 5

<!-- Written by benchmarks/experiments.py. Do not edit: run it again. -->

Eleven trainings on MNIST, each by `run_experiments` of `course_utils`, in float32 with numpy, on
one machine: {machine}.

{table}

![test accuracy](experiments-accuracy.png)

- **Data.** All 70,000 images, divided by `train_validation_test_split` with seed 42 into 44,800 for
  training, 11,200 for validation and 14,000 for the test. Images are normalised with 0.1307 and
  0.3081.
- **Test accuracy** is measured once, after the training. ± is the sampling error
  sqrt(p (1 - p) / 14,000): how far the accuracy of the same model would lie on other test images.
  Another seed moves it too.
- **Reported** is what the original lab gives, trained with PyTorch on a GPU.
- **Epochs** are those that were trained, and in brackets the best one by validation accuracy. The
  model ends with the weights of that one. {stopped}
- **Training** is the time of all epochs by the clock, augmentation and validation included, and
  whatever else ran on the machine.
- **Inference** is the mean time for one batch of the experiment's batch size, ± the standard
  deviation.

{verdict}

## Settings

{settings}

The defaults: 50 epochs, batches of 128, SGD without momentum at learning rate 0.01, no schedule,
no dropout, no weight decay, no augmentation, seed 42. An epoch is bad whose validation loss lies
more than 0.02 above the lowest so far; ten bad ones, without a new lowest loss between them, end
the training.

The original leaves some settings open. Chosen here:

- Adam at learning rate 0.001, its usual one, raised over 5 epochs and then lowered along a cosine
  to 0.00001: the highest accuracy is wanted at the end, so the last epochs take small steps.
- Dropout 0.2 in the two large networks: with images deformed anew in every epoch there is little
  left to overfit.
- Softmax regression starts from weights of zero. Its loss has one minimum only, so the start
  matters for `softmax_lr_0.00001` alone, whose 17,500 tiny steps do not get far. From PyTorch's
  random weights it ends between 68.9 and 71.6 %, by the seed (four were tried).

## To repeat

```
COURSE_DATA=/folder/with/mnist python benchmarks/experiments.py
```

Interrupted, it goes on after the last finished epoch. With as many threads as before the result is
the same to the last bit. `--only NAME` trains one of them. `--epochs N` gives a quick look, in a
folder of its own, and leaves this page as it is.
"""


def write_document(tracker: ExperimentTracker) -> None:
    """Write docs/experiments.md and its picture, from all eleven results."""
    stopped = [
        name for name in REPORTED if tracker.get_summary(name)["stopped"] == "early stopping"
    ]
    short = short_of_reported(tracker)
    text = DOCUMENT_TEXT.format(
        machine=machine(),
        table=table(tracker),
        settings=settings_table(),
        stopped=f"Early stopping ended {', '.join(stopped)}." if stopped else "None stopped early.",
        verdict=(
            "Below the reported accuracy by more than the sampling error: " + ", ".join(short) + "."
            if short
            else "Each reaches the reported accuracy, or lies within its sampling error."
        ),
    )
    axes = tracker.plot_experiment_comparison("test_accuracy", list(REPORTED))
    axes.figure.savefig(DOCUMENT.with_name("experiments-accuracy.png"), dpi=100)
    DOCUMENT.write_text(text, encoding="utf-8")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description="train the experiments of lab 5 on MNIST")
    parser.add_argument("--only", metavar="NAME", action="append", choices=list(SETTINGS),
                        help="an experiment; may be given more than once")  # fmt: skip
    parser.add_argument("--epochs", type=int, metavar="N", help="other than 50: a quick look")
    parser.add_argument("--out", type=Path, metavar="FOLDER",
                        help="where results are kept; build/experiments by default")  # fmt: skip
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; return 0 if nothing fell short."""
    options = parse(arguments)
    full = options.epochs is None
    suffix = "" if full else f"-{options.epochs}-epochs"
    folder = options.out or FOLDER.with_name(FOLDER.name + suffix)
    mpl.use("Agg")
    arrays = split_mnist()
    found = sum(len(labels) for labels in arrays[1::2])
    if found != IMAGES:
        print(f"MNIST has {IMAGES:,} images; there are {found:,}. Set COURSE_DATA to its folder.")
        return 2
    data = ExperimentData.prepare(arrays)
    del arrays
    tracker = PrintingTracker(folder)
    run_experiments(configurations(options.only, options.epochs), tracker, data=data)
    print("\n" + table(tracker))
    tracker.export_csv()
    done = all(
        name in tracker.experiments and tracker.get_summary(name).get("config") == config.to_dict()
        for name, config in zip(SETTINGS, configurations(), strict=True)
    )
    if full and done:
        write_document(tracker)
        print(f"written: {DOCUMENT}")
    short = short_of_reported(tracker) if full else []
    if short:
        print("below the reported accuracy: " + ", ".join(short))
    return 1 if short else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CourseUtilsError as error:
        sys.exit(str(error))
