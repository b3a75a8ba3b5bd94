"""Kill a grader again and again; run in a process of its own by `test_killed`.

    python -m tests.grading.killed SEED KILLS CALM KILLED

CALM and KILLED are equal course folders. CALM is graded once without disturbance. In KILLED
the grader gets SIGKILL at random moments, and is started again, until it has had so many; then
it runs to its end. What was seen is printed as JSON.

This process has imported all that a grader needs and forks one from itself each time. It
adopts what a killed grader leaves running, so it knows when nothing is left.
"""

import ctypes
import json
import os
import random
import signal
import sqlite3
import sys
import time
from pathlib import Path

from autograder.catalog import Course
from autograder.grading.run import grade_course
from tests.toy import NAME

_SET_CHILD_SUBREAPER = 36
_PATIENCE = 30.0
# A run imports and starts processes for longer than this before it grades.
_START_SECONDS = 2.0


def main(seed, kills, calm, killed):
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1)
    moments = random.Random(seed)
    first, whole = undisturbed(calm)
    seen = []
    for number in range(kills):
        grader = started(killed, jobs=1 + number % 2)
        if moments.random() < 0.6:
            time.sleep(moments.uniform(0, _START_SECONDS))
        else:
            # Where grades are written, which is soon after the first of this run.
            before = len(on_record(killed))
            while len(on_record(killed)) == before and is_running(grader):
                time.sleep(0.005)
            time.sleep((whole - first) * moments.uniform(0, 0.04))
        os.kill(grader, signal.SIGKILL)
        status = os.waitpid(grader, 0)[1]
        seen.append(
            {
                "killed": os.WIFSIGNALED(status),
                "seconds to be gone": seconds_until_nothing_is_left(),
                "done": done(killed),
            }
        )
    again = killed / "unchanged.json"
    finished(started(killed, unchanged=again))
    seconds_until_nothing_is_left()
    told = {"first": first, "whole": whole, "seen": seen}
    print(json.dumps(told | {"unchanged": json.loads(again.read_text())}))


def started(folder, *, jobs=2, unchanged=None):
    """Fork a grader."""
    grader = os.fork()
    if grader == 0:
        try:
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, 2)
            outcomes = grade_course(Course(folder).lab(NAME), folder, jobs=jobs)
            if unchanged:
                unchanged.write_text(json.dumps(sorted(outcomes.unchanged)))
        finally:
            os._exit(0)
    return grader


def undisturbed(folder):
    """Grade; return when the first grade was written, and when all were, in seconds."""
    begun = time.monotonic()
    grader = started(folder)
    while not on_record(folder):
        time.sleep(0.02)
    first = time.monotonic() - begun
    finished(grader)
    return first, time.monotonic() - begun


def finished(grader):
    assert os.waitpid(grader, 0)[1] == 0


def is_running(grader):
    return os.waitid(os.P_PID, grader, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def on_record(folder):
    """Return the students whose grades are written.

    It may write itself: what a killed grader has left half done is rolled back by who comes next.
    """
    with sqlite3.connect(f"file:{folder}/gradebook.db?mode=rw", uri=True) as book:
        try:
            return [row[0] for row in book.execute("select student from gradlab_record")]
        except sqlite3.OperationalError:
            return []


def done(folder):
    """Return who is on record, and when their notebook was written."""
    written = {}
    for student in on_record(folder):
        path = folder / "autograded" / student / NAME / f"{NAME}.ipynb"
        written[student] = path.stat().st_mtime_ns if path.exists() else 0
    return written


def seconds_until_nothing_is_left():
    begun = time.monotonic()
    while time.monotonic() - begun < _PATIENCE:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.01)
        except ChildProcessError:
            return time.monotonic() - begun
    raise AssertionError("processes of a killed grader are still running")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
