"""`learning_rates`: the rates of a whole training, for a schedule by its name."""

from __future__ import annotations

from course_utils.optim.schedules.cosine import CosineAnnealingLR, WarmupCosine
from course_utils.optim.schedules.schedule import Schedule, check, check_count, check_rate


def learning_rates(
    name: str, epochs: int, lr: float, warmup_epochs: int = 5, min_lr: float = 1e-5
) -> list[float]:
    """Return the learning rate of each epoch, for a schedule by its name.

    Parameters
    ----------
    name : "none", "cosine" or "warmup_cosine"
        Always `lr`; `CosineAnnealingLR` over all epochs; `WarmupCosine`.
    epochs : int
    lr : float
        The base rate.
    warmup_epochs : int
        Used by "warmup_cosine" alone.
    min_lr : float
        Where the cosine ends; one step after the last epoch.

    Returns
    -------
    list of float
        One for each epoch.

    Raises
    ------
    ArgumentError
        Where there is no schedule of that name, or the numbers make none.

    Examples
    --------
    >>> [round(rate, 3) for rate in learning_rates("warmup_cosine", 6, 0.1, warmup_epochs=2)]
    [0.05, 0.1, 0.1, 0.085, 0.05, 0.015]
    """
    check_count("epochs", epochs)
    check_rate("lr", lr)
    optimizer = _Rate(lr)
    schedule: Schedule | None = None
    if name == "cosine":
        schedule = CosineAnnealingLR(optimizer, epochs, min_lr)
    elif name == "warmup_cosine":
        schedule = WarmupCosine(optimizer, epochs, warmup_epochs, min_lr)
    else:
        known = '"none", "cosine" or "warmup_cosine"'
        check(
            "the name of the schedule",
            name,
            name == "none",
            known,
            'learning_rates("cosine", 50, 0.01)',
        )
    return [float(lr) if schedule is None else schedule.rate(epoch) for epoch in range(epochs)]


class _Rate:
    """A learning rate and nothing else."""

    def __init__(self, lr: float) -> None:
        self.lr = lr
