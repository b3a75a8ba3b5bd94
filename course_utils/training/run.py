"""A training under way: everything that changes, and that a checkpoint must hold."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from course_utils.nn import CrossEntropyLoss
from course_utils.optim.schedules import learning_rates
from course_utils.training import random_state
from course_utils.training.batches import Batch
from course_utils.training.checkpoint import Arrays, Checkpoint, split_state
from course_utils.training.config import TrainingConfig
from course_utils.training.early_stopping import EarlyStopper
from course_utils.training.evaluation import evaluate
from course_utils.training.result import STOPPED, TrainingResult
from course_utils.training.steps import diverged, make_optimizer, train_epoch
from course_utils.training.weights import copy_weights, load_weights


class Run:
    """One model on its way; `TrainingManager` drives it epoch by epoch.

    Parameters
    ----------
    config : TrainingConfig
    model : nn.Module
    train_loader, val_loader : iterable of (x, y)
        There is no test loader: what decides on stopping must not see the test set.
    """

    def __init__(
        self,
        config: TrainingConfig,
        model: Any,
        train_loader: Iterable[Batch],
        val_loader: Iterable[Batch],
    ) -> None:
        self.config = config
        self.model = model
        self.train_loader = train_loader
        self.val_loader = val_loader
        self.loss_fn = CrossEntropyLoss()
        self.optimizer = make_optimizer(config, model.parameters())
        self.rates = learning_rates(
            config.scheduler_type,
            config.num_epochs,
            config.learning_rate,
            warmup_epochs=config.warmup_epochs,
            min_lr=config.min_lr,
        )
        self.stopper = EarlyStopper(config.patience, config.loss_delta)
        self.best: Arrays = {}
        size = sum(parameter.data.size for parameter in model.parameters())
        self.result = TrainingResult(config, parameters=size)

    @property
    def ended(self) -> bool:
        """Whether early stopping has ended the training."""
        return self.result.stopped == STOPPED

    def epoch(self, epoch: int, after_batch: Callable[[], object]) -> dict[str, float]:
        """Train and validate once; return the row of metrics.

        Raises
        ------
        DivergedError
            Where the training's or the validation's loss is not finite.
        """
        start = time.perf_counter()
        rate = self.optimizer.lr = self.rates[epoch - 1]
        loss, accuracy = train_epoch(
            self.model, self.train_loader, self.loss_fn, self.optimizer, after_batch, epoch
        )
        validation = evaluate(self.model, self.val_loader, self.loss_fn)
        assert validation.loss is not None
        if not math.isfinite(validation.loss):
            raise diverged("validation loss", validation.loss, f"epoch {epoch}", rate)
        self._decide(epoch, validation.accuracy, validation.loss)
        row = {
            "epoch": epoch,
            "train_loss": loss,
            "train_accuracy": accuracy,
            "val_loss": validation.loss,
            "val_accuracy": validation.accuracy,
            "learning_rate": float(rate),
            "seconds": time.perf_counter() - start,
        }
        self.result.history.append(row)
        return row

    def _decide(self, epoch: int, accuracy: float, loss: float) -> None:
        """Keep the weights where they are the best so far, and stop where it is time."""
        best = self.result.best_epoch
        if best is None or accuracy > self.result.history[best - 1]["val_accuracy"]:
            self.result.best_epoch = epoch
            if self.config.restore_best:
                self.best = copy_weights(self.model)
        if self.config.early_stopping and self.stopper.early_stop(loss):
            self.result.stopped = STOPPED

    def restore_best(self) -> None:
        """Give the model the weights of its best epoch, where the configuration wants that."""
        if self.best:
            load_weights(self.model, self.best)

    def saved(self, notes: Mapping[str, Any]) -> Checkpoint:
        """Return everything that is needed to go on later."""
        arrays, numbers = split_state(self.optimizer.state_dict())
        return Checkpoint(
            config={**self.config.to_dict(), **notes},
            epoch=len(self.result.history),
            history=self.result.history,
            facts={
                "stopper": self.stopper.state_dict(),
                "stopped": self.result.stopped,
                "best_epoch": self.result.best_epoch,
                "random": random_state.capture([self.train_loader, self.val_loader]),
            },
            model=copy_weights(self.model),
            optimizer=arrays,
            optimizer_facts=numbers,
            best=self.best,
        )

    def go_on(self, saved: Checkpoint) -> None:
        """Continue where `saved` ended, with the same random numbers as if undisturbed."""
        load_weights(self.model, saved.model)
        self.optimizer.load_state_dict(saved.optimizer_state())
        self.best = saved.best
        self.stopper.load_state_dict(saved.facts["stopper"])
        self.result.history = saved.history
        self.result.stopped = saved.facts["stopped"]
        self.result.best_epoch = saved.facts["best_epoch"]
        random_state.restore(saved.facts["random"], [self.train_loader, self.val_loader])
