"""How fast the library trains, beside PyTorch's eager mode on the processor, in one run.

    python benchmarks/training.py                            # all parts, one thread
    python benchmarks/training.py --part network --repetitions 15
    python benchmarks/training.py --threads 2 --json build/training.json

Both sides get the same threads, data, initial weights, order and number of steps, and take turns,
so that what else the machine does disturbs both; medians are compared. MNIST is found as by
`load_mnist` (set COURSE_DATA); without it the small digits serve, and the times say little.
The models of Tensors are in `training_tensor.py`.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tabulate import tabulate
from threadpoolctl import threadpool_limits

from course_utils import DataLoader, Network, augmentation, get_generator, load_mnist, set_seed

IMAGES = 50_000
MINI_BATCH = 100
LEARNING_RATE = 10.0


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table: a number of ours, the one beside it, and what ours should be."""

    part: str
    case: str
    unit: str
    ours: float
    beside: float | None = None
    what: str = ""  # what is beside
    target: str = ""
    met: bool | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours over the one beside it."""
        return self.ours / self.beside if self.beside else None


# --------------------------------------------------------------------- network


@dataclasses.dataclass(frozen=True)
class Trained:
    """What came out of one epoch, and the seconds it took."""

    seconds: float
    weights: list[np.ndarray]
    loss: float  # on the test images
    accuracy: float


@functools.cache
def mnist(dtype: type) -> tuple[np.ndarray, ...]:
    """Return training and test images and labels in a float type."""
    x, y, x_test, y_test = load_mnist()
    return tuple(
        part.astype(dtype, copy=False) for part in (x[:IMAGES], y[:IMAGES], x_test, y_test)
    )


def network(threads: int, repetitions: int) -> Iterator[Row]:
    """Compare one epoch of `Network.train` with the same in PyTorch."""
    for dtype in (np.float64, np.float32):
        for sizes, target in (((784, 30, 10), 0.6), ((784, 100, 30, 10), 0.8)):
            ours, theirs = [], []
            for turn in range(repetitions + 1):
                pair = [(ours, train_ours), (theirs, train_theirs)]
                for results, train in pair if turn % 2 else pair[::-1]:
                    results.append(train(sizes, dtype, seed=turn))
            apart = [differences(*both) for both in zip(ours, theirs, strict=True)]
            check_equal(apart, dtype)
            one, two = (statistics.median(t.seconds for t in side[1:]) for side in (ours, theirs))
            single = dtype is np.float32
            yield Row(
                "network",
                f"{list(sizes)}, {np.dtype(dtype).name}, {count_of(threads)}",
                "s an epoch",
                one,
                two,
                "PyTorch",
                "" if single else f"ratio <= {target}",
                None if single else one / two <= target,
                f"accuracy {ours[-1].accuracy:.2%}; {apart_at_most(apart)}",
            )


def train_ours(sizes: tuple[int, ...], dtype: type, seed: int) -> Trained:
    """Train as a student does."""
    x, y, x_test, y_test = mnist(dtype)
    set_seed(seed)
    model = Network(sizes, dtype=dtype)
    started = time.perf_counter()
    model.train((x, y), epochs=1, mini_batch_size=MINI_BATCH, learning_rate=LEARNING_RATE)
    seconds = time.perf_counter() - started
    loss = float(np.mean((model.feedforward(x_test) - y_test) ** 2))
    return Trained(seconds, model.weights, loss, model.evaluate(x_test, y_test))


def train_theirs(sizes: tuple[int, ...], dtype: type, seed: int) -> Trained:
    """Train the same network, from the same weights and in the same order, in PyTorch."""
    x, y, x_test, y_test = (torch.from_numpy(part) for part in mnist(dtype))
    set_seed(seed)
    layers: list[torch.nn.Module] = []
    start = Network(sizes, dtype=dtype)
    for w, b in zip(start.weights, start.biases, strict=True):
        linear = torch.nn.Linear(w.shape[1], w.shape[0], dtype=x.dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(w))
            linear.bias.copy_(torch.from_numpy(b))
        layers += [linear, torch.nn.Sigmoid()]
    model = torch.nn.Sequential(*layers)
    loss_function = torch.nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)

    started = time.perf_counter()
    order = torch.from_numpy(get_generator().permutation(len(x)))
    for first in range(0, len(x), MINI_BATCH):
        rows = order[first : first + MINI_BATCH]
        optimizer.zero_grad()
        # On the processor index_select is the faster way to write x[rows].
        images, labels = x.index_select(0, rows), y.index_select(0, rows)
        loss = loss_function(model(images), labels)
        loss.backward()
        optimizer.step()
    seconds = time.perf_counter() - started

    with torch.inference_mode():
        outputs = model(x_test)
        right = (outputs.argmax(dim=1) == y_test.argmax(dim=1)).double().mean()
        weights = [layer.weight.numpy() for layer in model if isinstance(layer, torch.nn.Linear)]
        return Trained(seconds, weights, float(loss_function(outputs, y_test)), float(right))


def differences(one: Trained, two: Trained) -> tuple[float, float, float]:
    """Return how far apart weights, losses (as a part of the loss) and accuracies are."""
    weights = max(float(np.abs(a - b).max()) for a, b in zip(one.weights, two.weights, strict=True))
    return weights, abs(one.loss / two.loss - 1), abs(one.accuracy - two.accuracy)


def apart_at_most(apart: list[tuple[float, float, float]]) -> str:
    """Return the largest of all differences as a text."""
    weights, loss, accuracy = (max(part) for part in zip(*apart, strict=True))
    return f"weights differ by {weights:.0e}, loss by {loss:.0e}, accuracy by {accuracy:.2%}"


def check_equal(apart: list[tuple[float, float, float]], dtype: type) -> None:
    """Stop where the two sides did not do the same work.

    They add in another order, so each step differs in the last bit, and 500 steps of a rate of 10
    carry that on. A thousand times the rounding of a number is far above what is seen, and far
    below what another order makes (1e-1 in the weights, 1e-3 in the loss).
    """
    limit = 1000 * float(np.finfo(dtype).eps)
    for weights, loss, accuracy in apart:
        assert weights <= limit, f"weights differ by {weights}"
        assert loss <= limit, f"losses differ by {loss}"
        assert accuracy <= 2e-4, f"accuracies differ by {accuracy}"  # two images of 10,000


# ------------------------------------------------------------ tensor, attention


@functools.cache
def tensor_models(threads: int, repetitions: int) -> list[Any]:
    """Return the comparisons of Tensor models with PyTorch's."""
    import training_tensor

    return list(training_tensor.compare(threads, repetitions))


def tensor(threads: int, repetitions: int, *, attention: bool = False) -> Iterator[Row]:
    """Compare steps of models made of Tensors."""
    for result in tensor_models(threads, 3 * repetitions):
        if result.model.startswith("attention") == attention:
            yield Row(
                "attention" if attention else "tensor",
                f"{result.model}, float32, {count_of(threads)}",
                "ms a step",
                result.ours,
                result.torch,
                "PyTorch",
                note=f"{result.share:.0%} of the matrix-product rate",
            )


# ---------------------------------------------------------------- augmentation


def augment(threads: int, repetitions: int) -> Iterator[Row]:
    """Time each step of augmentation, and an epoch of all of them from a DataLoader."""
    x = mnist(np.float32)[0]
    labels = np.zeros(len(x))
    steps: dict[str, Callable[..., Any]] = {
        "random_shift": augmentation.random_shift,
        "random_affine": augmentation.random_affine,
        "gaussian_blur": augmentation.gaussian_blur,
        "elastic": augmentation.elastic,
        "normalize": lambda images, generator: augmentation.normalize(images),
    }
    everything = augmentation.Compose([steps[name] for name in list(steps)[1:]])
    steps["affine, blur, elastic, normalize"] = everything
    generator = np.random.default_rng(0)
    for name, step in steps.items():
        seconds = timed(lambda step=step: step(x[:128], generator), 10 * repetitions)
        yield Row("augmentation", f"{name}, 128 images", "ms of a core", 1e3 * seconds)
    rows = np.arange(44_800) % len(x)
    plain, augmented = (
        DataLoader(x, labels, 128, shuffle=True, rows=rows, augment=step)
        for step in (None, everything)
    )
    turns = max(repetitions // 3, 1)
    seconds = timed(lambda: [None for _ in plain], turns)
    yield Row("augmentation", "44,800 images, shuffled", "s of a core", seconds)
    seconds = timed(lambda: [None for _ in augmented], turns)
    case = "44,800 images, shuffled and augmented"
    yield Row("augmentation", case, "s of a core", seconds, target="<= 8 s", met=seconds <= 8)


def timed(call: Callable[[], Any], repetitions: int) -> float:
    """Return the median seconds of processor time that a call takes: what one core needs."""
    call()
    seconds = []
    for _ in range(repetitions):
        started = time.process_time()
        call()
        seconds.append(time.process_time() - started)
    return statistics.median(seconds)


# -------------------------------------------------------------- import, memory


def import_time(threads: int, repetitions: int) -> Iterator[Row]:
    """Time `import course_utils` in new interpreters, beside that of numpy, which it needs.

    Both from bytecode, as where pip installed them: a machine may be told to write none, and
    would then compile the whole library each time.
    """
    code = """
import time
seconds, processor = time.perf_counter(), time.process_time()
import {}
print(time.perf_counter() - seconds, time.process_time() - processor)
"""
    ours, numpy, processor = [], [], []
    with tempfile.TemporaryDirectory() as compiled:
        written = {"PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
        for _ in range(repetitions + 1):
            seconds, busy = map(float, run(code.format("course_utils"), written).split())
            ours.append(seconds)
            processor.append(busy)
            numpy.append(float(run(code.format("numpy"), written).split()[0]))
    one, two, busy = (statistics.median(times[1:]) for times in (ours, numpy, processor))
    note = f"{busy:.3f} s of it processor time"
    yield Row(
        "import",
        "import course_utils",
        "s",
        one,
        two,
        "numpy alone",
        "<= 0.35 s",
        one <= 0.35,
        note,
    )


def memory(threads: int, repetitions: int) -> Iterator[Row]:
    """Look at how much the largest memory of a process grows while it trains."""
    data = IMAGES * 784 * 8 / 2**20
    for case, ours, theirs in (
        ("Network [784, 100, 30, 10], one epoch", NETWORK, TORCH_NETWORK),
        ("DataLoader, one epoch, shuffled and augmented", LOADER, None),
    ):
        one, two = (
            None if code is None else float(run(MEMORY.replace("TRAIN_ON", code)))
            for code in (ours, theirs)
        )
        assert one is not None
        yield Row(
            "memory",
            case,
            "MiB more",
            one,
            two,
            "" if two is None else "PyTorch",
            "<= a tenth of the data",
            one <= data / 10,
            f"the data has {data:.0f} MiB",
        )


# The data is made row by row, and a small training comes first: so the peak before the training
# is the data and what is imported, and whatever comes on top was needed for the training.
MEMORY = f"""
import resource, sys
import numpy as np

TRAIN_ON

x, y = np.empty(({IMAGES}, 784)), np.zeros(({IMAGES}, 10))
generator = np.random.default_rng(0)
for rows in x:
    rows[:] = generator.random(784)

def peak():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20

train(x[:1000], y[:1000])
before = peak()
train(x, y)
print(peak() - before)
"""
NETWORK = """
from course_utils import Network

def train(x, y):
    Network((784, 100, 30, 10)).train((x, y), epochs=1)
"""
TORCH_NETWORK = """
import torch

def train(x, y):
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    sizes, layers = (784, 100, 30, 10), []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers += [torch.nn.Linear(n_in, n_out, dtype=x.dtype), torch.nn.Sigmoid()]
    model = torch.nn.Sequential(*layers)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    for rows in torch.randperm(len(x)).split(100):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x[rows]), y[rows]).backward()
        optimizer.step()
"""
LOADER = """
from course_utils import DataLoader, augmentation

def train(x, y):
    steps = [augmentation.random_affine, augmentation.elastic, augmentation.normalize]
    for images, labels in DataLoader(x, y, 128, shuffle=True, augment=augmentation.Compose(steps)):
        pass
"""


def run(code: str, environment: dict[str, str] | None = None) -> str:
    """Run a program in a new interpreter, `environment` added; return what it prints."""
    command = [sys.executable, "-c", code]
    variables = {**os.environ, **(environment or {})}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=variables).stdout


# ----------------------------------------------------------------------- table

PARTS: dict[str, Callable[[int, int], Iterator[Row]]] = {
    "network": network,
    "tensor": tensor,
    "attention": partial(tensor, attention=True),
    "augmentation": augment,
    "import": import_time,
    "memory": memory,
}


def count_of(threads: int) -> str:
    """Return the number of threads in words."""
    return "1 thread" if threads == 1 else f"{threads} threads"


def show(rows: list[Row]) -> None:
    """Print one table of all parts, and the notes below it."""
    lines = []
    for row in rows:
        beside = "" if row.beside is None else f"{row.beside:.3f} {row.what}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        met = "" if row.met is None else ("yes" if row.met else "NO")
        lines.append([row.part, row.case, row.unit, row.ours, beside, ratio, row.target, met])
    head = ["part", "case", "unit", "ours", "beside it", "ratio", "target", "met"]
    print(tabulate(lines, head, tablefmt="github", floatfmt=".3f", disable_numparse=[5]))
    print()
    for row in rows:
        if row.note:
            print(f"- {row.part}, {row.case}: {row.note}")


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--part", action="append", choices=list(PARTS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repetitions", type=int, default=9, help="of each side")
    parser.add_argument("--json", type=Path, help="write the rows here too")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows: list[Row] = []
    with threadpool_limits(options.threads):
        for name in options.part or PARTS:
            print(f"{name} ...", file=sys.stderr)
            rows += PARTS[name](options.threads, options.repetitions)
    show(rows)
    if options.json:
        found = [{**dataclasses.asdict(row), "ratio": row.ratio} for row in rows]
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
