"""Learning rates that change while a model learns.

A schedule is made with an optimizer, or any object with a writable ``lr``, whose rate at that
moment is the base rate. ``step()`` is called once after each epoch (or after each batch, where the
schedule is to count batches) and sets the next rate:

>>> from types import SimpleNamespace
>>> optimizer = SimpleNamespace(lr=0.1)
>>> schedule = CosineAnnealingLR(optimizer, T_max=4)
>>> for epoch in range(4):
...     print(round(optimizer.lr, 4), end=" ")  # an epoch of training stands here
...     schedule.step()
0.1 0.0854 0.05 0.0146

Rates are computed from the number of steps, not from the rate before. So they do not drift, and a
rate that somebody else puts into the optimizer is gone with the next step. Names, arguments and
values are PyTorch's, where PyTorch has such a schedule.
"""

from course_utils.optim.schedules.by_name import learning_rates
from course_utils.optim.schedules.cosine import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    WarmupCosine,
)
from course_utils.optim.schedules.exponential import ExponentialLR
from course_utils.optim.schedules.plateau import ReduceLROnPlateau
from course_utils.optim.schedules.schedule import Schedule

__all__ = [
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialLR",
    "ReduceLROnPlateau",
    "Schedule",
    "WarmupCosine",
    "learning_rates",
]
