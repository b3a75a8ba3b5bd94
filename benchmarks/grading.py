"""How fast a class is graded, beside stock nbgrader, in one run.

    .venv/bin/python benchmarks/grading.py                  # 100 submissions, all parts
    .venv/bin/python benchmarks/grading.py --part cpu       # one part
    .venv/bin/python benchmarks/grading.py --submissions 20 --stock 5

Stock nbgrader takes seconds for each submission, so `--stock` says how many of the class it
grades; its throughput is per submission. Both grade the same notebooks, and the scores are
compared cell by cell. Close other programs: times are of this machine as it is.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from tabulate import tabulate
from tqdm import tqdm

from autograder.authoring.notebooks import release_notebook, solution_notebook, write
from autograder.catalog import Course, Lab
from autograder.grading.grade import grade_submission
from autograder.grading.package import LabPackage, package_lab
from autograder.grading.run import grade_course
from autograder.proving.load import load_faults

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PARTS = ("throughput", "explore", "cpu", "memory", "cluster", "feedback")


# ------------------------------------------------------------------ the class


def notebooks(lab: Lab, count: int, *, explore: bool) -> Iterator[str]:
    """Yield submissions: the solution, mistakes, other right answers, half-done, blank."""
    solution, release = solution_notebook(lab), release_notebook(lab)
    faults = load_faults(lab)
    for number in range(count):
        notebook = copy.deepcopy(release if number % 20 == 19 else solution)
        fault = faults[number % len(faults)]
        for index, cell in enumerate(notebook.cells):
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if number % 20 not in (0, 19) and name == fault.fault.exercise:
                cell.source = fault.source
            if number % 20 == 10 and index > len(notebook.cells) // 2:
                cell.source = release.cells[index].source
        if not explore:
            notebook.cells = [c for c in notebook.cells if "explore" not in tags(c)]
        yield write(notebook)


def tags(cell: Any) -> list[str]:
    """Return a cell's tags."""
    return list(cell.metadata.get("tags", []))


def hand_in(lab: Lab, folder: Path, count: int, *, explore: bool = False) -> None:
    """Write a class into a course folder."""
    for number, text in enumerate(notebooks(lab, count, explore=explore)):
        home = folder / "submitted" / f"student-{number:05d}" / lab.name
        home.mkdir(parents=True)
        (home / f"{lab.name}.ipynb").write_text(text, encoding="utf-8")


def scores(folder: Path) -> dict[tuple[str, str], float | None]:
    """Return the automatic score of each student's cells, from the gradebook."""
    query = """
        select student.id, base_cell.name, grade.auto_score
        from grade join submitted_notebook on grade.notebook_id = submitted_notebook.id
        join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
        join student on submitted_assignment.student_id = student.id
        join base_cell on grade.cell_id = base_cell.id
    """
    with sqlite3.connect(folder / "gradebook.db") as database:
        return {(student, cell): score for student, cell, score in database.execute(query)}


# ---------------------------------------------------------------- both graders


def ours(lab: Lab, folder: Path, jobs: int, **options: Any) -> float:
    """Grade a course folder with gradlab; return the seconds it took."""
    started = time.perf_counter()
    grade_course(lab, folder, jobs=jobs, **options)
    return time.perf_counter() - started


def stock(lab: Lab, folder: Path) -> float:
    """Grade a course folder with `nbgrader autograde` and its own Execute; return seconds."""
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    environment = {
        **os.environ,
        "GRADLAB_ROOT": str(ROOT),
        "GRADLAB_IN_KERNEL": "1",
        "COURSE_DATA": "digits",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]),
    }

    def nbgrader(*arguments: str) -> float:
        started = time.perf_counter()
        subprocess.run(
            [str(BIN / "nbgrader"), *arguments, f"--course-dir={folder}"],
            check=True,
            capture_output=True,
            cwd=folder,
            env=environment,
        )
        return time.perf_counter() - started

    nbgrader("generate_assignment", lab.name, "--force")
    return nbgrader("autograde", lab.name)


# ----------------------------------------------------------------------- parts


def throughput(lab: Lab, count: int, stock_count: int, *, explore: bool) -> None:
    """Compare submissions a second, and every score."""
    title = "with explore cells" if explore else "explore cells removed"
    rows = []
    with scratch() as folder:
        hand_in(lab, folder / "stock", stock_count, explore=explore)
        seconds = stock(lab, folder / "stock")
        base = stock_count / seconds
        rows.append(["nbgrader autograde, its own Execute", stock_count, seconds, base, 1.0])
        theirs = scores(folder / "stock")
        for jobs in (1, 2):
            home = folder / f"ours-{jobs}"
            hand_in(lab, home, count, explore=explore)
            seconds = ours(lab, home, jobs)
            rate = count / seconds
            rows.append([f"gradlab grade --jobs {jobs}", count, seconds, rate, rate / base])
            mine = scores(home)
            differ = [key for key, score in theirs.items() if mine[key] != score]
            assert not differ, f"scores differ: {differ[:5]}"
    show(f"Throughput, {title}", rows, ["", "submissions", "seconds", "a second", "ratio"])
    print(f"The scores of all {len(theirs)} cells that both graded are equal.\n")


def cpu(lab: Lab, count: int) -> None:
    """Compare the processor time of grading with that of the student's own code."""
    package = package_lab(lab)
    texts = list(notebooks(lab, count, explore=False))
    grade_submission(package, texts[0].encode())  # the sandbox is warm from here on
    before = processor_time()
    for text in tqdm(texts, desc="cpu", leave=False):
        grade_submission(package, text.encode())
    total = (processor_time() - before) / count
    own = sum(own_time(package, text) for text in texts) / count
    rows = [["all", 1000 * total], ["the student's own code", 1000 * own],
            ["beyond it", 1000 * (total - own)]]  # fmt: skip
    show("Processor time of a submission", rows, ["", "ms"])


def own_time(package: LabPackage, text: str) -> float:
    """Return the processor seconds of the student's cells and of the calls that checks make."""
    from autograder.checks import run_checks
    from autograder.student.side import StudentSide

    spent = 0.0

    class Timed(StudentSide):
        def request(self, *request: Any) -> Any:
            nonlocal spent
            started = time.process_time()
            try:
                return super().request(*request)
            finally:
                spent += time.process_time() - started

    names: dict[str, Any] = {"__name__": "__main__"}
    with open(os.devnull, "w") as nowhere:
        before = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = nowhere
        try:
            for cell in json.loads(text)["cells"]:
                settings = cell["metadata"].get("nbgrader", {})
                if cell["cell_type"] != "code":
                    continue
                started = time.process_time()
                with suppress(Exception):  # wrong answers are among the submissions
                    exec("".join(cell["source"]), names)
                spent += time.process_time() - started
                if settings.get("grade"):
                    exercise = settings["grade_id"].removesuffix("_check")
                    seed = package.settings.seed
                    run_checks(package.checks()[exercise], Timed(names), lab="x", seed=seed)
        finally:
            sys.stdout, sys.stderr = before
    return spent


def memory(lab: Lab, counts: tuple[int, ...]) -> None:
    """Look at the largest memory of a worker while small and large classes are graded."""
    rows = []
    for count in counts:
        with scratch() as folder:
            hand_in(lab, folder, count)
            with watch_memory() as largest:
                seconds = ours(lab, folder, 2)
        rows.append([count, seconds, *(size / 2**20 for size in largest.values())])
    show("Memory", rows, ["submissions", "seconds", "writer MiB", "largest worker MiB",
                          "largest zygote or student MiB"])  # fmt: skip


def cluster(lab: Lab, count: int) -> None:
    """Grade on a Dask cluster of two workers on this machine."""
    from distributed import LocalCluster

    rows = []
    with (
        scratch() as folder,
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as workers,
    ):
        for name, options in [("2 workers here", {}), ("2 Dask workers",
                              {"cluster": workers.scheduler_address})]:  # fmt: skip
            home = folder / name.replace(" ", "-")
            hand_in(lab, home, count)
            seconds = ours(lab, home, 2, **options)
            rows.append([name, count, seconds, count / seconds])
        first, second = (scores(home) for home in sorted(folder.iterdir()))
        assert first == second
    show("Cluster", rows, ["", "submissions", "seconds", "a second"])


def feedback(lab: Lab, count: int) -> None:
    """Compare pages a second with `nbgrader generate_feedback`."""
    from autograder.reporting.feedback import write_feedback

    with scratch() as folder:
        hand_in(lab, folder, count)
        ours(lab, folder, 2)
        started = time.perf_counter()
        write_feedback(lab, folder)
        mine = time.perf_counter() - started
        shutil.rmtree(folder / "feedback")
        environment = {**os.environ, "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]])}
        started = time.perf_counter()
        subprocess.run(
            [str(BIN / "nbgrader"), "generate_feedback", lab.name, f"--course-dir={folder}"],
            check=True, capture_output=True, cwd=folder, env=environment,
        )  # fmt: skip
        theirs = time.perf_counter() - started
    rows = [["nbgrader generate_feedback", count, theirs, count / theirs, 1.0],
            ["gradlab feedback", count, mine, count / mine, theirs / mine]]  # fmt: skip
    show("Feedback", rows, ["", "pages", "seconds", "a second", "ratio"])


# ----------------------------------------------------------------------- tools


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="gradlab-benchmark-") as name:
        yield Path(name)


def processor_time() -> float:
    """Return the processor seconds of this process and all that live or lived below it."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = resource.getrusage(resource.RUSAGE_SELF)
    total = own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime
    for process in psutil.Process().children(recursive=True):
        times = process.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return float(total)


@contextmanager
def watch_memory() -> Iterator[dict[str, int]]:
    """Keep the largest resident memory of this process, of its workers, and of theirs."""
    largest = {"writer": 0, "worker": 0, "below": 0}
    done = threading.Event()
    me = psutil.Process()

    def size(process: psutil.Process) -> int:
        try:
            return int(process.memory_info().rss)
        except psutil.Error:
            return 0

    def watch() -> None:
        while not done.wait(0.1):
            workers = me.children()
            below = {p for worker in workers for p in _below(worker)}
            for name, group in [("writer", [me]), ("worker", workers), ("below", below)]:
                largest[name] = max([largest[name], *map(size, group)])

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield largest
    finally:
        done.set()
        thread.join()


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        found: list[psutil.Process] = process.children(recursive=True)
        return found
    except psutil.Error:
        return []


def show(title: str, rows: list[list[Any]], head: list[str]) -> None:
    """Print a table."""
    print(f"## {title}\n\n{tabulate(rows, head, tablefmt='github', floatfmt='.2f')}\n", flush=True)


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--submissions", type=int, default=100)
    parser.add_argument("--stock", type=int, default=100, help="how many of them nbgrader grades")
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--lab", default="lab1_softmax")
    options = parser.parse_args()
    lab = Course(ROOT).lab(options.lab)
    count, few = options.submissions, min(options.stock, options.submissions)
    parts: dict[str, Callable[[], None]] = {
        "throughput": lambda: throughput(lab, count, few, explore=False),
        "explore": lambda: throughput(lab, count, few, explore=True),
        "cpu": lambda: cpu(lab, count),
        "memory": lambda: memory(lab, (count, 10 * count)),
        "cluster": lambda: cluster(lab, count),
        "feedback": lambda: feedback(lab, count),
    }
    for name in options.part or PARTS:
        parts[name]()


if __name__ == "__main__":
    main()
