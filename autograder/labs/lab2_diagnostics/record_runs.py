"""Record the trainings that `diagnose` is shown and graded on: real MNIST, real mistakes.

Run it from the project's folder, with COURSE_DATA set to real MNIST:

    python autograder/labs/lab2_diagnostics/record_runs.py

It trains every recipe below, with one seed after the other until the run is a clear case of its
kind, and writes the shown runs into the lab's source and the hidden ones into checks.py, each in
the place of the old ones. It takes about three minutes on one core. Sums in float32 come out a
little differently on another processor, so a second recording is as good as the first, and not
the same to the digit.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from course_utils import load_mnist

KINDS = ("explodes", "barely moves", "oscillates", "overfits", "underfits", "healthy")
KEYS = ("loss", "acc", "val_loss", "val_acc")
ROOT = Path(__file__).resolve().parents[3]
SHOWN_IN = ROOT / "source" / "lab2_diagnostics" / "lab2_diagnostics.py"
HIDDEN_IN = Path(__file__).with_name("checks.py")

Arrays = list[np.ndarray]


@dataclass(frozen=True)
class Recipe:
    """How one run is trained.

    Parameters
    ----------
    kind : str
        What it shows, one of `KINDS`.
    note : str
        What was done, for the reader.
    lr : float
        The learning rate.
    hidden : tuple of int
        The sizes of the hidden layers.
    images : int
        How many images it learns from.
    batch, epochs : int
        The mini-batch, and the epochs that are recorded after the start.
    momentum, l2 : float
        As in lab 1, L2 on weights only.
    activation : {"relu", "sigmoid"}
        Of the hidden layers.
    scale : float
        Times He's initialisation.
    wrong : float
        The share of training labels that are replaced by random ones.
    seed : int
        Of weights, batches and wrong labels: the first to be tried.
    shown : bool
        Whether students see it.
    """

    kind: str
    note: str
    lr: float
    hidden: tuple[int, ...] = (256, 128)
    images: int = 5000
    batch: int = 64
    epochs: int = 15
    momentum: float = 0.0
    l2: float = 0.0
    activation: str = "relu"
    scale: float = 1.0
    wrong: float = 0.0
    seed: int = 0
    shown: bool = False


class Model:
    """Layers trained by gradient descent with momentum and L2, in float32."""

    def __init__(self, recipe: Recipe, rng: np.random.Generator) -> None:
        self.recipe = recipe
        sizes = (784, *recipe.hidden, 10)
        self.parameters: Arrays = []
        for n_in, n_out in pairwise(sizes):
            spread = recipe.scale * np.sqrt(2 / n_in)
            self.parameters.append(rng.normal(0, spread, (n_in, n_out)).astype(np.float32))
            self.parameters.append(np.zeros(n_out, np.float32))
        self.velocity = [np.zeros_like(p) for p in self.parameters]

    def activations(self, x: np.ndarray) -> Arrays:
        """Return what comes into each layer, and the logits at the end."""
        out = [x]
        layers = len(self.parameters) // 2
        for layer in range(layers):
            z = out[-1] @ self.parameters[2 * layer] + self.parameters[2 * layer + 1]
            if layer < layers - 1:
                relu = self.recipe.activation == "relu"
                z = np.maximum(z, 0) if relu else 1 / (1 + np.exp(-z))
            out.append(z)
        return out

    def step(self, x: np.ndarray, labels: np.ndarray) -> None:
        """Take one step of gradient descent on a batch."""
        recipe = self.recipe
        activations = self.activations(x)
        delta = np.exp(log_softmax(activations[-1]))
        delta[np.arange(len(x)), labels] -= 1
        delta /= len(x)
        for layer in reversed(range(len(self.parameters) // 2)):
            weights = self.parameters[2 * layer]
            grads = activations[layer].T @ delta + recipe.l2 * weights, delta.sum(axis=0)
            if layer > 0:
                a = activations[layer]
                delta = delta @ weights.T * (a > 0 if recipe.activation == "relu" else a * (1 - a))
            for place, gradient in zip((2 * layer, 2 * layer + 1), grads, strict=True):
                self.velocity[place] = recipe.momentum * self.velocity[place] + gradient
                self.parameters[place] = self.parameters[place] - np.float32(
                    recipe.lr * self.velocity[place]
                )

    def measure(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
        """Return the mean cross-entropy and the accuracy."""
        logits = self.activations(x)[-1]
        loss = -np.mean(log_softmax(logits)[np.arange(len(x)), labels], dtype=np.float64)
        return float(loss), float(np.mean(logits.argmax(axis=1) == labels))


def log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def record(recipe: Recipe, x: np.ndarray, labels: np.ndarray) -> dict[str, list[float]]:
    """Train, and measure before the first step and after each epoch."""
    rng = np.random.default_rng(recipe.seed)
    model = Model(recipe, rng)
    seen, its = x[: recipe.images], labels[: recipe.images].copy()
    wrong = rng.random(len(its)) < recipe.wrong
    its[wrong] = rng.integers(0, 10, np.sum(wrong))
    others = x[50_000:52_000], labels[50_000:52_000]
    history: dict[str, list[float]] = {key: [] for key in KEYS}

    def note() -> None:
        values = (*model.measure(seen[:5000], its[:5000]), *model.measure(*others))
        for key, value in zip(KEYS, values, strict=True):
            history[key].append(float(f"{value:.3g}"))

    with np.errstate(all="ignore"):
        note()
        for _ in range(recipe.epochs):
            order = rng.permutation(len(seen))
            for start in range(0, len(seen), recipe.batch):
                chosen = order[start : start + recipe.batch]
                model.step(seen[chosen], its[chosen])
            note()
    return history


def quantities(history: dict[str, list[float]]) -> dict[str, float]:
    """Return the quantities that tell the kinds apart."""
    loss, val = np.array(history["loss"]), np.array(history["val_loss"])
    with np.errstate(all="ignore"):
        up = np.diff(loss)
        return {
            "finite": float(np.all(np.isfinite([*loss, *val]))),
            "end": float(loss[-1] / loss[0]),
            "top": float(np.max(loss) / loss[0]),
            "rises": float(np.mean(up > 0.15 * loss[:-1])),
            "large rises": float(np.mean(up > 0.08 * loss[0])),
            "small rises": float(np.mean(up > 0.08 * loss[:-1])),
            "largest rise": float(np.max(up) / loss[0]),
            "comeback": float(val[-1] / np.min(val)),
            "accuracy": history["acc"][-1],
            "gap": history["acc"][-1] - history["val_acc"][-1],
        }


def is_clear(kind: str, history: dict[str, list[float]]) -> bool:
    """Return whether a run is far from every threshold that the notebook names."""
    q = quantities(history)
    if kind == "explodes":
        return not q["finite"] or q["end"] > 3
    if not q["finite"] or q["top"] > 1.3:
        return False
    steady = q["top"] < 1.02 and q["small rises"] < 0.04 and q["largest rise"] < 0.03
    if kind == "barely moves":
        return steady and 0.88 <= q["end"] <= 1.0 and q["accuracy"] < 0.4
    if q["end"] > 0.65:
        return False
    if kind == "oscillates":
        return q["rises"] >= 0.36 and q["large rises"] >= 0.25 and q["gap"] < 0.12
    if kind == "overfits":
        return steady and q["comeback"] >= 1.4 and q["end"] < 0.2 and q["gap"] > 0.12
    level = steady and q["comeback"] <= 1.05 and q["gap"] < 0.06
    if kind == "underfits":
        return level and q["accuracy"] <= 0.75 and q["end"] > 0.35
    return level and q["accuracy"] >= 0.92 and q["end"] < 0.12


R = Recipe
RECIPES = [
    # Far too high a rate, and other ways to lose all measure.
    R("explodes", "learning rate 10, three hidden layers", 10.0, hidden=(256, 128, 64), epochs=10,
      shown=True),
    R("explodes", "learning rate 100, no hidden layer", 100.0, hidden=(), epochs=12, shown=True),
    R("explodes", "learning rate 3, five hidden layers", 3.0, hidden=(64,) * 5, epochs=9),
    R("explodes", "L2 so strong that each step overshoots", 1.0, hidden=(), l2=2.05, epochs=11),
    R("explodes", "the same, with a hidden layer", 0.1, hidden=(32,), l2=20.3, epochs=14),
    R("explodes", "momentum above 1", 0.01, hidden=(64,), momentum=1.02, epochs=12),
    R("explodes", "learning rate 30, no hidden layer", 30.0, hidden=(), epochs=15),
    # Nothing moves: too low a rate, or no gradient.
    R("barely moves", "learning rate 0.0001", 1e-4, epochs=12, shown=True),
    R("barely moves", "five sigmoid layers, learning rate 0.05", 0.05, hidden=(64,) * 5,
      activation="sigmoid", epochs=12, shown=True),
    R("barely moves", "learning rate 0.00001", 1e-5, epochs=10),
    R("barely moves", "learning rate 0.00003, 20,000 images", 3e-5, images=20_000, epochs=6),
    R("barely moves", "learning rate 0.001, all images in one batch", 1e-3, batch=5000, epochs=20),
    R("barely moves", "six narrow sigmoid layers", 0.02, hidden=(30,) * 6, activation="sigmoid",
      batch=128, epochs=14),
    R("barely moves", "learning rate 0.0003, no hidden layer", 3e-4, hidden=(), images=1000,
      epochs=17),
    # A little too high a rate.
    R("oscillates", "learning rate 2, no hidden layer", 2.0, hidden=(), batch=128, epochs=12,
      shown=True),
    R("oscillates", "learning rate 8, sigmoid", 8.0, hidden=(60,), activation="sigmoid",
      batch=128, epochs=12, shown=True),
    R("oscillates", "learning rate 2, no hidden layer", 2.0, hidden=(), batch=128, epochs=14,
      seed=20),
    R("oscillates", "learning rate 1.5, 2,000 images", 1.5, hidden=(), images=2000, epochs=10),
    R("oscillates", "learning rate 8, sigmoid", 8.0, hidden=(60,), activation="sigmoid",
      batch=128, epochs=11, seed=20),
    R("oscillates", "learning rate 1, batches of 8", 1.0, hidden=(), batch=8, l2=0.003,
      images=1000, epochs=12),
    R("oscillates", "learning rate 1, one hidden layer", 0.9, hidden=(64,), images=2000,
      epochs=9),
    # Few images, or wrong labels.
    R("overfits", "100 images", 0.015, images=100, batch=20, momentum=0.95, epochs=26,
      shown=True),
    R("overfits", "500 images, three labels in ten wrong", 0.015, images=500, wrong=0.3, batch=50,
      momentum=0.95, epochs=26, shown=True),
    R("overfits", "100 images", 0.02, images=100, batch=50, momentum=0.95, epochs=50),
    R("overfits", "200 images, no hidden layer", 0.1, images=200, batch=50, momentum=0.95,
      hidden=(), epochs=50),
    R("overfits", "500 images, half of the labels wrong", 0.02, images=500, wrong=0.5, batch=50,
      momentum=0.9, epochs=40),
    R("overfits", "150 images", 0.03, images=150, batch=50, momentum=0.95, hidden=(128, 64),
      epochs=60),
    R("overfits", "1,000 images, four labels in ten wrong", 0.02, images=1000, wrong=0.4,
      batch=64, momentum=0.9, epochs=40),
    # Too small a network, or too much regularisation.
    R("underfits", "a hidden layer of 2", 0.02, hidden=(2,), images=10_000, epochs=12,
      shown=True),
    R("underfits", "L2 far too strong", 0.005, hidden=(64,), l2=0.23, momentum=0.8, epochs=12,
      shown=True),
    R("underfits", "a hidden layer of 3", 0.02, hidden=(3,), batch=128, epochs=20),
    R("underfits", "two sigmoid units", 0.1, hidden=(2,), activation="sigmoid", epochs=40),
    R("underfits", "L2 far too strong, no hidden layer", 0.05, hidden=(), l2=0.7, epochs=15),
    R("underfits", "a bottleneck of 2", 0.02, hidden=(128, 2), batch=128, epochs=25),
    R("underfits", "a hidden layer of 2", 0.02, hidden=(2,), images=10_000, epochs=17, seed=20),
    # As it should be.
    R("healthy", "learning rate 0.03", 0.03, images=10_000, epochs=12, shown=True),
    R("healthy", "momentum", 0.01, hidden=(100,), momentum=0.8, images=20_000, batch=128,
      epochs=12, shown=True),
    R("healthy", "batches of 32", 0.02, images=10_000, batch=32, hidden=(64,), epochs=16),
    R("healthy", "no hidden layer", 0.1, hidden=(), images=20_000, epochs=10),
    R("healthy", "batches of 128", 0.05, hidden=(128,), images=20_000, batch=128, epochs=10),
    R("healthy", "sigmoid", 0.5, hidden=(64,), images=20_000, activation="sigmoid", epochs=20),
    R("healthy", "a little L2", 0.05, hidden=(100,), images=20_000, batch=128, l2=0.001,
      epochs=14),
]  # fmt: skip


def clear_run(recipe: Recipe, x: np.ndarray, labels: np.ndarray) -> dict[str, list[float]]:
    """Return the run of the first seed that makes a clear case; give up after forty."""
    for seed in range(recipe.seed, recipe.seed + 40):
        history = record(replace(recipe, seed=seed), x, labels)
        if is_clear(recipe.kind, history):
            print(f"{recipe.kind:13} {recipe.note} (seed {seed})", flush=True)
            return history
    raise SystemExit(f"no seed makes a clear case: {recipe}\n{quantities(history)}")


def number(value: float) -> str:
    """Return a number in three digits, two below a tenth, and as few characters as can be."""
    text = f"{value:.3g}" if value >= 0.1 or value != value else f"{value:.2g}"
    return re.sub(r"e([+-])0?", r"e\1", text).replace("e+", "e").removeprefix("0") or "0"


def as_text(recipe: Recipe, history: dict[str, list[float]], width: int) -> str:
    """Return a run as lines of text: its kind, its note, and four lists."""
    lines = [f"{recipe.kind}: {recipe.note}"]
    for key in KEYS:
        words = " ".join(number(value) for value in history[key])
        lines += textwrap.wrap(words, width, initial_indent=f"{key} ", subsequent_indent="  ")
    return "\n".join(lines)


def insert(path: Path, name: str, runs: list[str]) -> None:
    """Put runs into a module, as the text called `name`."""
    text = path.read_text(encoding="utf-8")
    block = "\n".join(runs)
    new, count = re.subn(
        rf'^{name} = """.*?"""', lambda _: f'{name} = """\n{block}\n"""', text, flags=re.M | re.S
    )
    if count != 1:
        raise SystemExit(f'{path}: expected {name} = """...""" once, found it {count} times')
    path.write_text(new, encoding="utf-8")


def main() -> None:
    """Record all runs and write them where they are used."""
    images, one_hot, _, _ = load_mnist()
    if len(images) < 60_000:
        raise SystemExit("the runs are recorded on real MNIST: set COURSE_DATA to its folder")
    x, labels = images.astype(np.float32), one_hot.argmax(axis=1)
    shown, hidden = [], []
    for recipe in RECIPES:
        history = clear_run(recipe, x, labels)
        if recipe.shown:
            shown.append(as_text(recipe, history, 79))
        else:
            hidden.append(as_text(recipe, history, 100))
    insert(SHOWN_IN, "SHOWN_RUNS", shown)
    insert(HIDDEN_IN, "HIDDEN_RUNS", hidden)


if __name__ == "__main__":
    main()
