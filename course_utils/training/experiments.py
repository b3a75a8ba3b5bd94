"""`run_experiments`: train a list of configurations, one after the other, on the same data."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from course_utils.arrays import as_numbers
from course_utils.data.augmentation import (
    Compose,
    elastic,
    gaussian_blur,
    normalize,
    random_affine,
)
from course_utils.data.loader import DataLoader
from course_utils.errors import ArgumentError, DataError, ShapeError
from course_utils.seeding import set_seed
from course_utils.tracking import ExperimentTracker
from course_utils.training.batches import class_numbers
from course_utils.training.checkpoint import save_model
from course_utils.training.config import TrainingConfig
from course_utils.training.manager import TrainingManager, checked_tracker
from course_utils.training.models import make_model

AUGMENTATION = Compose([random_affine, gaussian_blur, elastic, normalize])
"""What every training image goes through where a configuration asks for augmentation."""

ROWS_AT_ONCE = 1000  # images in a batch of the validation set, which is not trained on

Experiments = Iterable[TrainingConfig | Mapping[str, Any]] | Mapping[str, Any] | TrainingConfig


@dataclass(frozen=True)
class ExperimentData:
    """Training, validation and test set as the experiments use them.

    Attributes
    ----------
    raw_train : ndarray of float32, shape (images, 784)
        From 0 to 1: augmentation comes before normalisation.
    train, val, test : pair of ndarrays
        Normalised images and class numbers.
    """

    raw_train: npt.NDArray[np.float32]
    train: tuple[Any, Any]
    val: tuple[Any, Any]
    test: tuple[Any, Any]

    @classmethod
    def prepare(cls, arrays: Sequence[npt.ArrayLike]) -> ExperimentData:
        """Normalise images once for all experiments.

        Parameters
        ----------
        arrays : six arrays
            x_train, y_train, x_val, y_val, x_test, y_test: images (N, 784) or (N, 28, 28) from 0
            to 1, labels as class numbers or one-hot rows.

        Raises
        ------
        DataError
            Where these are not six arrays.
        ShapeError, ArgumentError
            Where images or labels cannot be used.
        """
        if not isinstance(arrays, Sequence) or len(arrays) != 6:
            count = f"{len(arrays)} arrays" if isinstance(arrays, Sequence) else repr(arrays)[:80]
            raise DataError(
                "the data of the experiments is incomplete",
                expected="x_train, y_train, x_val, y_val, x_test, y_test",
                found=count,
                mend="split the training set once more, for the validation",
            )
        names = ("x_train", "x_val", "x_test")
        images = [_rows(x, name) for x, name in zip(arrays[::2], names, strict=True)]
        labels = [class_numbers(y, len(x)) for x, y in zip(images, arrays[1::2], strict=True)]
        train, val, test = zip(map(normalize, images), labels, strict=True)
        return cls(images[0], train, val, test)

    def loaders(self, config: TrainingConfig) -> tuple[DataLoader, DataLoader, DataLoader]:
        """Return the three loaders of an experiment.

        Training batches are shuffled, and augmented where the configuration says so. The test set
        comes in batches of the configuration's size, since inference is timed by the batch.
        """
        images = self.raw_train if config.use_augmentation else self.train[0]
        one_is_left = len(images) % config.batch_size == 1 < config.batch_size
        training = DataLoader(
            images,
            self.train[1],
            config.batch_size,
            shuffle=True,
            # Batch normalisation cannot train on a batch of one.
            drop_last=bool(config.hidden_sizes) and one_is_left,
            augment=AUGMENTATION if config.use_augmentation else None,
        )
        return (
            training,
            DataLoader(*self.val, ROWS_AT_ONCE),
            DataLoader(*self.test, config.batch_size),
        )

    def fingerprint(self) -> str:
        """Return a text that is another one for other data."""
        parts = (self.raw_train, *self.train, *self.val, *self.test)
        code = 0
        for part in parts:
            code = zlib.crc32(part[:: max(1, len(part) // 500)].tobytes(), code)
        return "/".join(str(len(y)) for _, y in (self.train, self.val, self.test)) + f" {code:08x}"


def _rows(images: npt.ArrayLike, name: str) -> npt.NDArray[np.float32]:
    array = as_numbers(images, name)
    if array.ndim < 2 or array.size == 0:
        raise ShapeError(
            f"{name} holds no images",
            expected="shape (images, 784) or (images, 28, 28), at least one",
            found=f"shape {array.shape}",
            mend="hand over the images first, then their labels",
        )
    return array.reshape(len(array), -1).astype(np.float32, copy=False)


def run_experiments(
    experiments: Experiments,
    tracker: ExperimentTracker | None = None,
    *,
    data: Sequence[npt.ArrayLike] | ExperimentData | None = None,
    resume: bool = True,
) -> ExperimentTracker:
    """Train and evaluate one experiment after the other.

    Parameters
    ----------
    experiments : iterable of TrainingConfig or dict, mapping of str to settings, or TrainingConfig
        Each has a name of its own: ``[TrainingConfig(experiment_name="a"), ...]``, or
        ``{"a": {"learning_rate": 0.1}, ...}``.
    tracker : ExperimentTracker, optional
        ``ExperimentTracker()`` where it is left out: files in the folder ``experiments``. In
        ``<folder>/<name>`` the trained model is left too, as ``model.npz``.
    data : six arrays, optional
        x_train, y_train, x_val, y_val, x_test, y_test. MNIST in 64, 16 and 20 per cent of all
        images where it is left out.
    resume : bool
        Whether an experiment that was finished with the same settings and data is kept, and one
        that was interrupted goes on. With False all begin anew.

    Returns
    -------
    ExperimentTracker

    Raises
    ------
    ArgumentError
        Where a setting makes no sense, or two experiments have one name. Nothing is trained then.

    Notes
    -----
    `set_seed` is called with each experiment's seed, so the order of the experiments does not
    matter.
    """
    configs = _configs(experiments)
    chosen = ExperimentTracker() if tracker is None else checked_tracker(tracker)
    prepared = data if isinstance(data, ExperimentData) else None
    for config in configs:
        if prepared is None:
            prepared = ExperimentData.prepare(split_mnist() if data is None else data)  # type: ignore[arg-type]
        _run(config, chosen, prepared, resume)
    return chosen


def _run(
    config: TrainingConfig, tracker: ExperimentTracker, data: ExperimentData, resume: bool
) -> None:
    name = config.experiment_name
    notes = {"data": data.fingerprint()}
    folder = None if tracker.folder is None else tracker.folder / name
    if resume and _is_done(tracker, config, notes, folder):
        print(f"{name}: finished before with these settings, kept", file=sys.stderr)
        return
    checkpoint = None if folder is None else folder / "checkpoint.npz"
    if checkpoint is not None and not resume:
        checkpoint.unlink(missing_ok=True)
    set_seed(config.seed)
    model = make_model(config)
    TrainingManager(config, tracker, checkpoint=checkpoint, notes=notes).train(
        model, *data.loaders(config)
    )
    if folder is not None:
        save_model(model, folder / "model.npz")


def _is_done(
    tracker: ExperimentTracker,
    config: TrainingConfig,
    notes: Mapping[str, Any],
    folder: Path | None,
) -> bool:
    if config.experiment_name not in tracker.experiments:
        return False
    summary = tracker.get_summary(config.experiment_name)
    same = summary.get("config") == config.to_dict() and all(
        summary.get(key) == value for key, value in notes.items()
    )
    return same and (folder is None or (folder / "model.npz").is_file())


def _configs(experiments: Experiments) -> list[TrainingConfig]:
    if isinstance(experiments, Mapping):
        items: list[Any] = [
            {**settings, "experiment_name": name} if isinstance(settings, Mapping) else settings
            for name, settings in experiments.items()
        ]
    else:
        items = list(experiments) if isinstance(experiments, Iterable) else [experiments]
    configs = [
        item if isinstance(item, TrainingConfig) else TrainingConfig.from_dict(item)
        for item in items
    ]
    names = [config.experiment_name for config in configs]
    for name in names:
        if names.count(name) > 1:
            raise ArgumentError(
                "two experiments have one name",
                expected="a name for each, under which its results are filed",
                found=f"{names.count(name)} experiments named {name!r}",
                mend='give each an experiment_name, such as "softmax_lr_0.01"',
            )
    return configs


def split_mnist() -> list[npt.NDArray[Any]]:
    """Return the six arrays of all of MNIST, divided by 0.2 and again by 0.2 with seed 42.

    Returns
    -------
    list of ndarray
        x_train, y_train, x_val, y_val, x_test, y_test: images (N, 784) float32 from 0 to 1, class
        numbers (N,). Of MNIST 44,800, 11,200 and 14,000.
    """
    from course_utils.data.mnist import load_mnist
    from course_utils.data.splits import train_validation_test_split

    x_train, y_train, x_test, y_test = load_mnist()
    x = np.concatenate([x_train, x_test], dtype=np.float32, casting="same_kind")
    y = np.concatenate([y_train, y_test]).argmax(axis=1)
    return [part[rows] for rows in train_validation_test_split(x, y) for part in (x, y)]
