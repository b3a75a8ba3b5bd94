"""Training steps of Tensor models beside PyTorch's eager mode, on the same data and threads.

`benchmarks/training.py` calls `compare`. Each model exists twice, with the same weights. The two
take steps in turns, so that a busy machine disturbs both; the medians are compared. Dropout draws
its own masks on each side.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from course_utils import Tensor, nn, optim, set_seed

Step = Callable[[], Any]


@dataclass(frozen=True)
class Comparison:
    """One model: how long a training step takes here and in PyTorch, in milliseconds."""

    model: str
    threads: int
    ours: float
    torch: float
    share: float  # of the rate of a large matrix product, that our step reaches with its own

    @property
    def ratio(self) -> float:
        """Our time over PyTorch's."""
        return self.ours / self.torch

    def __str__(self) -> str:
        return (
            f"{self.model:<34} {self.threads} threads {self.ours:9.3f} ms {self.torch:9.3f} ms "
            f"ratio {self.ratio:5.2f}   {self.share:4.0%} of the matrix-product rate"
        )


def compare(threads: int, repetitions: int = 30, seconds: float = 20) -> list[Comparison]:
    """Time all models: `repetitions` steps or more of each side, at most `seconds` for a model.

    With one thread the processor's time is taken, which other programs disturb little; with
    several, the wall clock's, which says little on a busy machine.
    """
    torch.set_num_threads(threads)
    clock = time.process_time if threads == 1 else time.perf_counter
    results = []
    with threadpool_limits(threads):
        for name, (build, gflop, factor) in MODELS.items():
            steps = [*build(), matrix_product]
            ours, theirs, product = interleaved(steps, repetitions * factor, clock, seconds)
            share = (gflop / ours) / (PRODUCT_GFLOP / product)
            results.append(Comparison(name, threads, ours * 1e3, theirs * 1e3, share))
    return results


def interleaved(
    steps: list[Step], repetitions: int, clock: Callable[[], float], at_most: float
) -> list[float]:
    """Return the median time of each function, in seconds; they are called in turns."""
    end = time.perf_counter() + at_most
    times: list[list[float]] = [[] for _ in steps]
    for step in steps * 3:
        step()
    for turn in range(repetitions):
        order = list(range(len(steps)))
        for which in order if turn % 2 else reversed(order):
            start = clock()
            steps[which]()
            times[which].append(clock() - start)
        if time.perf_counter() > end:
            break
    return [statistics.median(each) for each in times]


_FACTOR = np.random.default_rng(0).random((768, 768), dtype=np.float32)
_PRODUCT = np.empty_like(_FACTOR)
PRODUCT_GFLOP = 2 * 768**3 / 1e9


def matrix_product() -> None:
    """Multiply two float32 matrices: what the machine can do at best."""
    np.matmul(_FACTOR, _FACTOR, out=_PRODUCT)


def mlp() -> tuple[Step, Step]:
    """Build [784, 256, 128, 10] with ReLU and Adam, batch 128."""
    ours = [nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)]
    return _pair(nn.Sequential(*ours), _torch_like(ours), *_images(128))


def deep_net() -> tuple[Step, Step]:
    """Build DeepBigSimpleNet [1500, 1000, 500]: Linear, BatchNorm, ReLU, Dropout; Adam, 128."""
    ours: list[nn.Module] = []
    sizes = [784, 1500, 1000, 500]
    for n_in, n_out in itertools.pairwise(sizes):
        ours += [nn.Linear(n_in, n_out), nn.BatchNorm1d(n_out), nn.ReLU(), nn.Dropout(0.5)]
    ours.append(nn.Linear(500, 10))
    return _pair(nn.Sequential(*ours), _torch_like(ours), *_images(128))


def small_attention() -> tuple[Step, Step]:
    """Build the model of lab 4: hidden 4, one head, ffn 8, batch 20."""
    return _transformers(hidden=4, heads=1, ffn=8, batch=20)


def large_attention() -> tuple[Step, Step]:
    """Build a larger one: hidden 32, four heads, ffn 64, batch 64."""
    return _transformers(hidden=32, heads=4, ffn=64, batch=64)


def _mlp_gflop(sizes: list[int], batch: int) -> float:
    products = [a * b for a, b in itertools.pairwise(sizes)]
    return (6 * sum(products) - 2 * products[0]) * batch / 1e9


def _attention_gflop(hidden: int, ffn: int, batch: int, tokens: int = 49) -> float:
    weights = tokens * (16 * hidden + 4 * hidden * hidden + 2 * hidden * ffn)
    scores = 2 * tokens * tokens * hidden
    return (6 * (weights + scores + tokens * 10) - 2 * tokens * 16 * hidden) * batch / 1e9


# build, GFLOP of a step, repetitions in multiples of those asked for
MODELS: dict[str, tuple[Callable[[], tuple[Step, Step]], float, int]] = {
    "MLP [784, 256, 128, 10]": (mlp, _mlp_gflop([784, 256, 128, 10], 128), 10),
    "deep net [1500, 1000, 500]": (deep_net, _mlp_gflop([784, 1500, 1000, 500, 10], 128), 1),
    "attention, hidden 4, batch 20": (small_attention, _attention_gflop(4, 8, 20), 10),
    "attention, hidden 32, batch 64": (large_attention, _attention_gflop(32, 64, 64), 2),
}


def _images(batch: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.random((batch, 784), dtype=np.float32), generator.integers(0, 10, batch)


def _torch_like(layers: list[nn.Module]) -> torch.nn.Module:
    """Return PyTorch's layers with the same weights."""
    theirs: list[torch.nn.Module] = []
    for layer in layers:
        if isinstance(layer, nn.Linear):
            theirs.append(torch.nn.Linear(layer.n_in, layer.n_out))
        elif isinstance(layer, nn.BatchNorm1d):
            theirs.append(torch.nn.BatchNorm1d(layer.n))
        elif isinstance(layer, nn.Dropout):
            theirs.append(torch.nn.Dropout(layer.rate))
        else:
            theirs.append(torch.nn.ReLU())
    model = torch.nn.Sequential(*theirs)
    _copy_weights(nn.Sequential(*layers), model)
    return model


def _copy_weights(ours: nn.Module, theirs: torch.nn.Module) -> None:
    with torch.no_grad():
        for name, parameter in theirs.named_parameters():
            parameter.copy_(torch.from_numpy(dict(ours.named_parameters())[name].data))


def _pair(
    ours: nn.Module, theirs: torch.nn.Module, x: np.ndarray, labels: np.ndarray
) -> tuple[Step, Step]:
    """Return one training step of each model, with Adam."""
    our_loss, our_adam = nn.CrossEntropyLoss(), optim.Adam(ours.parameters())
    their_loss, their_adam = torch.nn.CrossEntropyLoss(), torch.optim.Adam(theirs.parameters())
    their_x, their_labels = torch.from_numpy(x), torch.from_numpy(labels)

    def our_step() -> None:
        our_adam.zero_grad()
        our_loss(ours(x), labels).backward()
        our_adam.step()

    def their_step() -> None:
        their_adam.zero_grad()
        their_loss(theirs(their_x), their_labels).backward()
        their_adam.step()

    return our_step, their_step


class OurTransformer(nn.Module):
    """Lab 4's model: patches, one block of residual attention and MLP, clamp, mean, linear."""

    def __init__(self, hidden: int, heads: int, ffn: int) -> None:
        self.embed = nn.Linear(16, hidden)
        self.norm1, self.norm2 = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
        self.attention = nn.MultiheadAttention(hidden, heads)
        self.up, self.down = nn.Linear(hidden, ffn), nn.Linear(ffn, hidden)
        self.head = nn.Linear(49, 10)

    def forward(self, x: Any) -> Tensor:
        """Return logits (batch, 10) for images (batch, 784)."""
        x = Tensor(x)
        patches = x.reshape(-1, 7, 4, 7, 4).transpose(2, 3).reshape(-1, 49, 16)
        x = self.embed(patches)
        x = x + self.attention(self.norm1(x))
        x = x + self.down(self.up(self.norm2(x)).relu())
        return self.head(x.clamp(-2, 2).mean(-1))


class TheirTransformer(torch.nn.Module):
    """The same in PyTorch."""

    def __init__(self, hidden: int, heads: int, ffn: int) -> None:
        super().__init__()
        self.embed = torch.nn.Linear(16, hidden)
        self.norm1, self.norm2 = torch.nn.LayerNorm(hidden), torch.nn.LayerNorm(hidden)
        self.attention = torch.nn.MultiheadAttention(hidden, heads, batch_first=True)
        self.up, self.down = torch.nn.Linear(hidden, ffn), torch.nn.Linear(ffn, hidden)
        self.head = torch.nn.Linear(49, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, 10) for images (batch, 784)."""
        patches = x.reshape(-1, 7, 4, 7, 4).transpose(2, 3).reshape(-1, 49, 16)
        x = self.embed(patches)
        normal = self.norm1(x)
        x = x + self.attention(normal, normal, normal, need_weights=False)[0]
        x = x + self.down(self.up(self.norm2(x)).relu())
        return self.head(x.clamp(-2, 2).mean(-1))


def _transformers(hidden: int, heads: int, ffn: int, batch: int) -> tuple[Step, Step]:
    set_seed(0)
    ours, theirs = OurTransformer(hidden, heads, ffn), TheirTransformer(hidden, heads, ffn)
    _copy_weights(ours, theirs)
    return _pair(ours, theirs, *_images(batch))
