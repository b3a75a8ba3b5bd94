"""Walk through a lab in a process of its own: ``python -m autograder.proving.walk``.

The job comes as JSON on stdin, the results go out as JSON lines on stdout. The cells are run
once, with their solutions. Where a task departs from them the process forks: the child runs
the replaced cells and the checks, and whatever it does ends with it. Where fork is not safe,
each task gets a process that runs all its cells itself.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from autograder.catalog import Course
from autograder.proving.forks import Forks
from autograder.proving.notebook import Notebook
from autograder.proving.task import Cell, Result, Task


def walk(job: Mapping[str, Any], tell: Callable[[Result], object]) -> None:
    """Run the cells with their solutions, and each task from its start."""
    lab = Course(Path(job["root"])).lab(job["lab"])
    cells = [Cell(**cell) for cell in job["cells"]]
    tasks = [Task.from_json(task) for task in job["tasks"]]
    notebook = Notebook(lab, cells, job["seed"])
    if not job["fork"]:
        (task,) = tasks
        for cell in cells[: task.start]:
            notebook.run_solved(cell)
        tell(notebook.perform(task))
        return
    forks = Forks(notebook, tell, job["slots"])
    last = max(task.start for task in tasks)
    for index, cell in enumerate(cells[: last + 1]):
        for task in tasks:
            if task.start == index:
                forks.start(task)
        if index < last:
            notebook.run_solved(cell)
    forks.wait(0)


def main() -> None:
    """Take the job from stdin; keep what the lab prints out of the results."""
    job = json.load(sys.stdin)
    with os.fdopen(os.dup(1), "w") as out:
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1):
            os.dup2(nothing, stream)

        def tell(result: Result) -> None:
            out.write(json.dumps(result.to_json()) + "\n")
            out.flush()

        walk(job, tell)


if __name__ == "__main__":
    main()
