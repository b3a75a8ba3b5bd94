"""`TrainingResult`: how a training went."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from course_utils.training.config import TrainingConfig
from course_utils.training.evaluation import Evaluation

FINISHED, STOPPED, DIVERGED = "all epochs", "early stopping", "diverged"


@dataclass
class TrainingResult:
    """How a training went.

    Attributes
    ----------
    config : TrainingConfig
    history : list of dict
        For each epoch: ``epoch`` (from 1), ``train_loss``, ``train_accuracy``, ``val_loss``,
        ``val_accuracy``, ``learning_rate`` and ``seconds``.
    stopped : {"all epochs", "early stopping", "diverged"}
        Why it ended.
    message : str
        What went wrong, where it diverged.
    best_epoch : int or None
        The epoch with the highest validation accuracy, the first of equals.
    test : Evaluation or None
        On the test set, once, after the training. None without a test set, and for a training
        that diverged before it had finished an epoch.
    parameters : int
        Trained numbers in the model.
    """

    config: TrainingConfig
    history: list[dict[str, float]] = field(default_factory=list)
    stopped: str = FINISHED
    message: str = ""
    best_epoch: int | None = None
    test: Evaluation | None = None
    parameters: int = 0

    @property
    def train_seconds(self) -> float:
        """Time of all epochs, validation included; that before an interruption too."""
        return sum(row["seconds"] for row in self.history)

    def summary(self) -> dict[str, Any]:
        """Return what a tracker keeps: single values, the confusion matrix, and the settings."""
        best = self.history[self.best_epoch - 1] if self.best_epoch else {}
        facts: dict[str, Any] = {
            "epochs": len(self.history),
            "stopped": self.stopped,
            "best_epoch": self.best_epoch,
            "val_accuracy": best.get("val_accuracy"),
            "val_loss": best.get("val_loss"),
            "train_seconds": self.train_seconds,
            "parameters": self.parameters,
        }
        if self.test is not None:
            facts |= {
                "test_accuracy": self.test.accuracy,
                "test_loss": self.test.loss,
                "test_images": len(self.test.labels),
                "sampling_error": self.test.sampling_error,
                "inference_ms": self.test.inference_ms,
                "inference_ms_std": self.test.inference_ms_std,
                "confusion_matrix": self.test.confusion_matrix,
            }
        return {**facts, "message": self.message, "config": self.config.to_dict()}
