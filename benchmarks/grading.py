"""How fast a class is graded, beside stock nbgrader, in one run.

    .venv/bin/python benchmarks/grading.py                   # 100 submissions, all parts
    .venv/bin/python benchmarks/grading.py --part cpu        # one part
    .venv/bin/python benchmarks/grading.py --submissions 20 --stock 5
    .venv/bin/python benchmarks/grading.py --markdown measured.md --json measured.json

Each part makes its class anew: solutions, one mistake or one other right answer in each,
half-done and blank notebooks. Where two ways are compared they grade the same notebooks, and
their scores are compared cell by cell. Close other programs: times are of this machine as it is.

Stock nbgrader takes seconds for each submission, so `--stock` says how many of the class it
grades. Its start is in its time, as ours is in ours; with few submissions it weighs more.
"""

from __future__ import annotations

import argparse
import compileall
import copy
import json
import os
import platform
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from tabulate import tabulate
from threadpoolctl import threadpool_limits
from tqdm import trange

from autograder.authoring.notebooks import release_notebook, solution_notebook, write
from autograder.catalog import Course, Lab
from autograder.grading.execute import close_sandboxes
from autograder.grading.grade import grade_submission
from autograder.grading.match import is_explore
from autograder.grading.package import LabPackage
from autograder.grading.packing import package_lab
from autograder.grading.pool import processors
from autograder.grading.run import grade_course
from autograder.names import exercise_of
from autograder.proving.load import load_faults

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PARTS = ("throughput", "explore", "cpu", "memory", "cluster", "feedback")
HUGE = 100_000
# So many submissions are graded before what they are compared with has its turn.
_TURN = 5

Scores = dict[tuple[str, str], float | None]


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
            notebook.cells = [c for c in notebook.cells if not is_explore(c)]
        yield write(notebook)


def hand_in(lab: Lab, folder: Path, count: int, *, explore: bool = False, first: int = 0) -> None:
    """Write a class into a course folder."""
    for number, text in enumerate(notebooks(lab, count, explore=explore), first):
        home = folder / "submitted" / f"student-{number:05d}" / lab.name
        home.mkdir(parents=True)
        (home / f"{lab.name}.ipynb").write_text(text, encoding="utf-8")


def scores(folder: Path) -> Scores:
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


def same_scores(one: Scores, other: Scores) -> None:
    """Fail where a cell that the first graded has another score from the second."""
    differ = [key for key, score in one.items() if other.get(key, "none") != score]
    assert one, "nothing was graded"
    assert not differ, f"scores differ: {differ[:5]}"


# ---------------------------------------------------------------- both graders


def ours(lab: Lab, folder: Path, jobs: int, **options: Any) -> float:
    """Grade a course folder with gradlab; return the seconds it took."""
    started = time.perf_counter()
    outcomes = grade_course(lab, folder, jobs=jobs, **options)
    seconds = time.perf_counter() - started
    failed = {name: one.reason for name, one in outcomes.items() if one.status != "graded"}
    assert not failed, f"not graded: {failed}"
    return seconds


def ours_as_command(lab: Lab, folder: Path, jobs: int) -> float:
    """Grade a course folder with `gradlab grade`; return the seconds it took, its start too."""
    started = time.perf_counter()
    run(folder, "gradlab", "grade", lab.name, f"--course={folder}", f"--jobs={jobs}")
    return time.perf_counter() - started


def stock(lab: Lab, folder: Path) -> float:
    """Grade a course folder with `nbgrader autograde` and its own Execute; return seconds."""
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    nbgrader(folder, "generate_assignment", lab.name, "--force")
    started = time.perf_counter()
    nbgrader(folder, "autograde", lab.name)
    return time.perf_counter() - started


def nbgrader(folder: Path, *arguments: str) -> None:
    """Run nbgrader in a course folder."""
    run(folder, "nbgrader", *arguments, f"--course-dir={folder}")


def run(folder: Path, *command: str) -> None:
    """Run a program of this environment in a course folder."""
    environment = {
        **os.environ,
        "GRADLAB_ROOT": str(ROOT),
        "GRADLAB_IN_KERNEL": "1",
        "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]),
    }
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]


# ----------------------------------------------------------------------- parts


def throughput(report: Report, lab: Lab, count: int, stock_count: int, *, explore: bool) -> None:
    """Compare submissions a second, and every score."""
    seconds = lab.course.settings.explore_seconds
    what = f"explore cells stopped after {seconds:g} s" if explore else "no explore cells"
    rows = []
    with scratch() as folder:
        hand_in(lab, folder / "stock", stock_count, explore=explore)
        seconds = stock(lab, folder / "stock")
        base = stock_count / seconds
        rows.append(["nbgrader autograde, checks in the kernel", stock_count, seconds, base, 1.0])
        theirs = scores(folder / "stock")
        for jobs in (1, 2):
            home = folder / f"ours-{jobs}"
            hand_in(lab, home, count, explore=explore)
            seconds = ours_as_command(lab, home, jobs)
            rate = count / seconds
            rows.append([f"gradlab grade --jobs {jobs}", count, seconds, rate, rate / base])
            same_scores(theirs, scores(home))
    report.add(
        f"Throughput, {what}",
        ["", "submissions", "seconds", "a second", "ratio"],
        rows,
        f"The scores of all {len(theirs)} cells that both graded are equal.",
    )


def cpu(report: Report, lab: Lab, count: int) -> None:
    """Compare the processor time of grading with that of the student's own code."""
    package = package_lab(lab)
    texts = list(notebooks(lab, count, explore=False))
    here = there = wall = own = loaded = 0.0
    with one_processor(), threadpool_limits(1):
        # The sandbox is warm from here on, and what the cells import is imported.
        grade_submission(package, texts[0].encode())
        own_time(package, texts[0])
        # In turns: the speed of a machine changes from minute to minute.
        for start in trange(0, count, _TURN, desc="cpu", leave=False):
            turn = texts[start : start + _TURN]
            before, started = processor_time(), time.perf_counter()
            for text in turn:
                assert grade_submission(package, text.encode()).status == "graded"
            wall += time.perf_counter() - started
            now = processor_time()
            here, there = here + now[0] - before[0], there + now[1] - before[1]
            own += sum(own_time(package, text) for text in turn)
            loaded += sum(own_time(package, text, loaded=True) for text in turn)
        close_sandboxes()
    here, there, wall, own, loaded = (
        1000 * seconds / count for seconds in (here, there, wall, own, loaded)
    )
    book = 1000 * writer_time(lab, count)
    whole = here + there + book
    rows = [
        [name, ms, 100 * ms / whole]
        for name, ms in (
            ("the student's own code: cells, and calls that checks make", own),
            ("the student's process beyond that: fork, outputs, answers", there - own),
            ("the grader: repair, checks, the graded notebook", here),
            ("one process for all: reading, gradebook, files", book),
            ("together", whole),
            ("beyond the student's own code", whole - own),
            ("the same, if to load the data is no part of that code", whole - loaded),
        )
    ]
    report.add(
        "Processor time of a submission",
        ["", "ms", "%"],
        rows,
        f"A worker with its sandbox, on one processor, took {wall:.0f} ms by the clock for a "
        f"submission, and {here + there:.0f} ms of processor time. What is missing between them, "
        "the kernel did for nobody, or other programs had.",
    )


@contextmanager
def one_processor() -> Iterator[None]:
    """Keep this process, and what it starts, on one processor: then its time adds up."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def own_time(package: LabPackage, text: str, *, loaded: bool = False) -> float:
    """Return the processor seconds of the student's cells and of the calls that checks make.

    With `loaded`, the data that the cells load is there already, as in a grader's sandbox.
    """
    from matplotlib import pyplot

    from autograder.checks import run_checks
    from autograder.student.side import StudentSide
    from course_utils.data.mnist import preload_mnist

    spent = 0.0
    if loaded:
        preload_mnist()

    def timed(operation: Callable[..., object]) -> Callable[..., object]:
        def carried_out(*operands: object) -> object:
            nonlocal spent
            started = time.process_time()
            try:
                return operation(*operands)
            finally:
                spent += time.process_time() - started

        return carried_out

    names: dict[str, Any] = {"__name__": "__main__"}
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        for cell in json.loads(text)["cells"]:
            settings = cell["metadata"].get("nbgrader", {})
            if cell["cell_type"] != "code":
                continue
            source = re.sub("^%.*$", "", "".join(cell["source"]), flags=re.MULTILINE)
            with suppress(Exception):  # wrong answers are among the submissions
                timed(exec)(source, names)
            if settings.get("grade") and not settings.get("solution"):
                exercise = exercise_of(settings["grade_id"])
                side = StudentSide(names)
                side.operations = {name: timed(do) for name, do in side.operations.items()}
                # Looking at what is called is ours, and slows the student's code.
                side.operations["begin"] = timed(lambda seed, _, begin=side._begin: begin(seed, []))
                checks = package.checks()[exercise]
                run_checks(checks, side, lab=package.lab, seed=package.settings.seed)
        pyplot.close("all")
    return spent


def writer_time(lab: Lab, count: int) -> float:
    """Return the processor seconds of the one process that reads and writes, a submission.

    A first run is left out: it makes the gradebook, and is no more than 2 submissions.
    """
    with scratch() as folder:
        hand_in(lab, folder, 2)
        ours(lab, folder, 1)
        hand_in(lab, folder, count, first=2)
        before = resource.getrusage(resource.RUSAGE_SELF)
        ours(lab, folder, 1)
        after = resource.getrusage(resource.RUSAGE_SELF)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / count


def memory(report: Report, lab: Lab, counts: tuple[int, int]) -> None:
    """Look at the memory of a small and a large class; estimate the time of a huge one."""
    rows, times = [], []
    for count in counts:
        with scratch() as folder:
            hand_in(lab, folder, count)
            with watch_memory() as largest:
                seconds = ours_as_command(lab, folder, 2)
        times.append(seconds)
        rows.append([count, seconds, *(size / 2**20 for size in largest.values())])
    report.add(
        "Memory while 2 workers grade",
        ["submissions", "seconds", "writer MiB", "a worker MiB", "both sandboxes MiB"],
        rows,
        "The largest seen. The last column is all processes that run students' code, and those "
        "they are forked from; memory that several share is divided among them.",
    )
    each = (times[1] - times[0]) / (counts[1] - counts[0])
    writing = writer_time(lab, counts[0])
    hours = [["2 workers here, as measured", HUGE * each / 3600]]
    hours += [[f"{workers} workers, if each is as fast", HUGE * max(2 * each / workers, writing)
               / 3600] for workers in (8, 32)]  # fmt: skip
    hours.append(["the one writer alone: no number of workers is faster", HUGE * writing / 3600])
    report.add(
        f"Estimate for {HUGE:,} submissions",
        ["", "hours"],
        hours,
        f"From {1000 * each:.0f} ms for each submission above {counts[0]}, and {1000 * writing:.1f}"
        " ms of the writer's processor for each.",
    )


def cluster(report: Report, lab: Lab, count: int) -> None:
    """Grade on a Dask cluster of two workers on this machine."""
    from distributed import LocalCluster

    rows, found = [], []
    with (
        scratch() as folder,
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as workers,
    ):
        for name, options in [("2 workers here", {}), ("2 Dask workers",
                              {"cluster": workers.scheduler_address})]:  # fmt: skip
            home = folder / name.replace(" ", "-")
            hand_in(lab, home, count)
            seconds = ours(lab, home, 2, **options)
            rate = count / seconds
            rows.append([name, count, seconds, rate, rate / (rows[0][3] if rows else rate)])
            found.append(scores(home))
    same_scores(*found)
    report.add(
        "Cluster",
        ["", "submissions", "seconds", "a second", "ratio"],
        rows,
        f"The scores of all {len(found[0])} cells are equal. Dask itself was started before.",
    )


def feedback(report: Report, lab: Lab, count: int) -> None:
    """Compare pages a second with `nbgrader generate_feedback`."""
    from autograder.reporting.feedback import write_feedback

    with scratch() as folder:
        hand_in(lab, folder, count)
        ours(lab, folder, 2)
        started = time.perf_counter()
        write_feedback(lab, folder)
        mine = time.perf_counter() - started
        assert pages(folder) == count
        shutil.rmtree(folder / "feedback")
        started = time.perf_counter()
        nbgrader(folder, "generate_feedback", lab.name)
        theirs = time.perf_counter() - started
        assert pages(folder) == count
    rows = [["nbgrader generate_feedback", count, theirs, count / theirs, 1.0],
            ["gradlab feedback", count, mine, count / mine, theirs / mine]]  # fmt: skip
    report.add("Feedback", ["", "pages", "seconds", "a second", "ratio"], rows)


def pages(folder: Path) -> int:
    """Return how many pages of feedback a course folder has."""
    return len(list(folder.glob("feedback/*/*/*.html")))


# ----------------------------------------------------------------------- tools


class Report:
    """The tables of a run, printed and kept.

    Parameters
    ----------
    markdown, data : Path, optional
        Where they are written too, as text and as JSON; anew after each table.
    """

    def __init__(self, markdown: Path | None, data: Path | None) -> None:
        self.markdown, self.data = markdown, data
        self.machine = machine()
        self.tables: list[dict[str, Any]] = []
        self.text = "".join(f"{name}: {value}  \n" for name, value in self.machine.items())
        print(self.text, flush=True)

    def add(self, title: str, head: list[str], rows: list[list[Any]], note: str = "") -> None:
        """Add a table."""
        self.tables.append({"title": title, "head": head, "rows": rows, "note": note})
        digits = ["", *("d" if isinstance(value, int) else ".2f" for value in rows[0][1:])]
        table = tabulate(rows, head, tablefmt="github", floatfmt=digits)
        text = "\n".join([f"## {title}", "", table, "", *([note, ""] if note else [])])
        print(text, flush=True)
        self.text += f"\n{text}"
        if self.markdown:
            self.markdown.write_text(self.text, encoding="utf-8")
        if self.data:
            kept = {"machine": self.machine, "tables": self.tables}
            self.data.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def machine() -> dict[str, str]:
    """Return what the times depend on."""
    model = platform.processor() or platform.machine()
    with suppress(OSError):
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
        model = found[1] if found else model
    load = os.getloadavg()[0]
    return {
        "processors": f"{processors()} of {model}",
        "load before": f"{load:.1f}" + (" (other programs are running)" if load > 0.5 else ""),
        "versions": f"Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in ("nbgrader", "numpy", "distributed")),
    }


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="gradlab-benchmark-") as name:
        yield Path(name)


def processor_time() -> tuple[float, float]:
    """Return the processor seconds of this process, and of all that live or lived below it."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    below = ended.ru_utime + ended.ru_stime
    for process in psutil.Process().children(recursive=True):
        times = process.cpu_times()
        below += times.user + times.system + times.children_user + times.children_system
    return own.ru_utime + own.ru_stime, float(below)


@contextmanager
def watch_memory() -> Iterator[dict[str, int]]:
    """Keep the most memory of a program that is run in the block: `gradlab grade`."""
    largest = {"writer": 0, "worker": 0, "sandboxes": 0}
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            for writer in psutil.Process().children():
                # What is no worker is what students' processes are forked from.
                workers, sandboxes = [], []
                for process in _children(writer):
                    (workers if _is_worker(process) else sandboxes).append(process)
                below = [one for top in sandboxes for one in [top, *_children(top, deep=True)]]
                found = {
                    "writer": _resident(writer),
                    "worker": max(map(_resident, workers), default=0),
                    "sandboxes": sum(map(_share, below)),
                }
                for name, size in found.items():
                    largest[name] = max(largest[name], size)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield largest
    finally:
        done.set()
        thread.join()


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _share(process: psutil.Process) -> int:
    """Return a process's memory; what several share counts in parts where that can be read."""
    with suppress(OSError):
        text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        if found := re.search(r"^Pss: *(\d+) kB", text, re.MULTILINE):
            return 1024 * int(found[1])
    return _resident(process)


def _children(process: psutil.Process, *, deep: bool = False) -> list[psutil.Process]:
    try:
        found: list[psutil.Process] = process.children(recursive=deep)
        return found
    except psutil.Error:
        return []


def _is_worker(process: psutil.Process) -> bool:
    try:
        return any("grading.worker" in part for part in process.cmdline())
    except psutil.Error:
        return False


def use_bytecode() -> None:
    """Have Python's bytecode ready, as it is from the second start of a program on."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for folder in ("autograder", "course_utils"):
        compileall.compile_dir(ROOT / folder, quiet=1)


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--submissions", type=int, default=100)
    parser.add_argument("--stock", type=int, default=100, help="how many of them nbgrader grades")
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--lab", default="lab1_softmax")
    parser.add_argument("--markdown", type=Path, help="write the tables into this file too")
    parser.add_argument("--json", type=Path, help="write what was measured into this file")
    options = parser.parse_args()
    use_bytecode()
    # As in the sandbox, wherever this is run.
    os.environ |= {"COURSE_DATA": "digits", "MPLBACKEND": "agg"}
    os.environ |= {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    lab = Course(ROOT).lab(options.lab)
    count, few = options.submissions, min(options.stock, options.submissions)
    report = Report(options.markdown, options.json)
    parts: dict[str, Callable[[], None]] = {
        "throughput": lambda: throughput(report, lab, count, few, explore=False),
        "explore": lambda: throughput(report, lab, count, few, explore=True),
        "cpu": lambda: cpu(report, lab, count),
        "memory": lambda: memory(report, lab, (count, 10 * count)),
        "cluster": lambda: cluster(report, lab, count),
        "feedback": lambda: feedback(report, lab, count),
    }
    for name in options.part or PARTS:
        parts[name]()


if __name__ == "__main__":
    main()
