"""Run a lab's cells with some of them replaced, in processes apart from this one."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any

import autograder
from autograder.authoring.notebooks import solution_source
from autograder.authoring.source import read_source
from autograder.catalog import Lab
from autograder.proving.task import Cell, Result, Task

# macOS has fork, but its Accelerate and Objective-C libraries do not survive it.
FORK_IS_SAFE = hasattr(os, "fork") and sys.platform != "darwin"

# How the crash of a task begins if it was not its own: the process it was to start from ended.
ENDED_EARLY = "the process that runs the lab ended early"


def lab_cells(lab: Lab) -> list[Cell]:
    """Return the lab's code cells in notebook order, the exercises with their solutions."""
    cells = []
    for cell in read_source(lab.source_file):
        if cell.kind in ("given", "exercise", "check", "explore"):
            solved = cell.kind == "exercise"
            source = solution_source(cell.source) if solved else cell.source
            cells.append(
                Cell(cell.kind, cell.name or f"{cell.kind} cell at line {cell.line}", source)
            )
    return cells


def run_tasks(
    lab: Lab,
    cells: Sequence[Cell],
    tasks: Sequence[Task],
    *,
    seed: int | None = None,
    slots: int | None = None,
    fork: bool = FORK_IS_SAFE,
    progress: Callable[[], object] = lambda: None,
) -> dict[str, Result]:
    """Run tasks and return their results by name, in the order of `tasks`.

    Parameters
    ----------
    lab : Lab
        Whose checks judge.
    cells : sequence of Cell
        See `lab_cells`.
    tasks : sequence of Task
        With names that differ.
    seed : int, optional
        The seed of the checks; the course's if not given.
    slots : int, optional
        How many tasks run at a time; one for each core if not given.
    fork : bool
        Whether tasks may share the run of the cells before them.
    progress : callable
        Called when a task is done.
    """
    if not tasks:
        return {}
    slots = slots or _cores()
    base = {
        "root": str(lab.course.root.resolve()),
        "lab": lab.name,
        "seed": lab.course.settings.seed if seed is None else seed,
        "cells": [asdict(cell) for cell in cells],
        "slots": slots,
        "fork": fork,
    }
    groups = [list(tasks)] if fork else [[task] for task in tasks]
    jobs = [{**base, "tasks": [task.to_json() for task in group]} for group in groups]
    results: dict[str, Result] = {}
    patience = [_patience(lab, cells, len(group)) for group in groups]
    running: list[subprocess.Popen[str]] = []
    with ThreadPoolExecutor(1 if fork else slots) as pool:
        try:
            calls = [
                pool.submit(_walk, job, seconds, progress, running)
                for job, seconds in zip(jobs, patience, strict=True)
            ]
            for call in as_completed(calls):
                results |= call.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in running:
                _stop(process)
            raise
    return {task.name: results[task.name] for task in tasks}


def _walk(
    job: dict[str, Any],
    seconds: float,
    progress: Callable[[], object],
    running: list[subprocess.Popen[str]],
) -> dict[str, Result]:
    """Run one walking process to its end; a task it leaves out gets a result that says so."""
    results: dict[str, Result] = {}
    with tempfile.TemporaryDirectory(prefix="gradlab-") as folder:
        complaints = Path(folder, "stderr")
        work = Path(folder, "work")
        work.mkdir()
        with complaints.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "autograder.proving.walk"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=work,
                env=_environment(),
                text=True,
                start_new_session=True,
            )
        running.append(process)
        late = threading.Timer(seconds, _stop, [process])
        late.start()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            with process.stdout:
                # It may end before it has read its job; what it says then is on stderr.
                with contextlib.suppress(BrokenPipeError), process.stdin:
                    json.dump(job, process.stdin)
                for line in process.stdout:
                    result = Result.from_json(json.loads(line))
                    results[result.task] = result
                    progress()
            process.wait()
        finally:
            late.cancel()
            _stop(process)
        last = complaints.read_text(errors="replace").strip().splitlines()[-1:]
    for task in job["tasks"]:
        if task["name"] not in results:
            crash = (
                ENDED_EARLY
                + f" (exit code {process.returncode})"
                + "".join(f": {line}" for line in last)
            )
            results[task["name"]] = Result(task["name"], crash=crash)
    return results


def _stop(process: subprocess.Popen[str]) -> None:
    """End a process that has not ended by itself, and what it has forked."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()


def _environment() -> dict[str, str]:
    # One thread for each process: there is a process for each core, a fork with threads about
    # is not safe, and sums come out the same everywhere.
    threads = ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")
    engine = str(Path(autograder.__file__).resolve().parents[1])
    return {
        **os.environ,
        **{f"{name}_NUM_THREADS": "1" for name in threads},
        "PYTHONPATH": os.pathsep.join(filter(None, [engine, os.environ.get("PYTHONPATH")])),
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "Agg",
        "COURSE_DATA": "digits",
    }


def _patience(lab: Lab, cells: Sequence[Cell], tasks: int) -> float:
    """Return a time after which a walk must have failed, in seconds: the last line of defence."""
    settings = lab.course.settings
    checks = sum(len(group) + 1 for group in lab.checks().values())
    once = len(cells) * settings.cell_seconds + checks * settings.check_seconds + 60.0
    return once * (1 + tasks)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
