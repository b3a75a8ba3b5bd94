"""A process that dies costs one call; everything else is answered."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from autograder.grading.pool import WorkerLost, call_in_processes


def work(what, value):
    if what == "die":
        os._exit(7)
    if what == "raise":
        raise ValueError(value)
    if what == "sleep":
        time.sleep(60)
    if what == "place":
        time.sleep(value)  # for the other worker to get a call too
        return sorted(os.sched_getaffinity(0))
    return os.getpid() if what == "pid" else value * 2


def results(calls, jobs=2, seconds=20.0):
    return dict(call_in_processes(work, enumerate(calls), jobs=jobs, seconds=seconds))


def test_every_call_is_answered_also_beside_calls_that_die_or_raise():
    calls = [("double", 1), ("die", 0), ("double", 2), ("raise", 0), ("double", 3), ("die", 0)]
    found = results(calls)
    assert {k: v for k, v in found.items() if isinstance(v, int)} == {0: 2, 2: 4, 4: 6}
    assert all(isinstance(found[k], WorkerLost) for k in (1, 3, 5))
    assert "code 7" in str(found[1])


def test_as_many_workers_as_processors_have_one_each():
    own = sorted(os.sched_getaffinity(0))
    calls = [("place", 0.5)] * len(own) + [("die", 0)] * len(own) + [("place", 0.5)] * len(own)
    found = results(calls, jobs=len(own))
    assert sorted(found[k] for k in range(len(own))) == [[number] for number in own]
    # Those that take the place of a worker that has died, too.
    assert all(len(found[k]) == 1 for k in range(2 * len(own), 3 * len(own)))


def test_a_worker_more_or_less_than_processors_may_use_them_all():
    own = sorted(os.sched_getaffinity(0))
    jobs = len(own) + 1
    assert set(map(tuple, results([("place", 0)] * jobs, jobs=jobs).values())) == {tuple(own)}


def test_a_call_without_end_is_ended_and_the_next_one_served():
    started = time.monotonic()
    found = results([("sleep", 0), ("double", 5)], jobs=1, seconds=1.5)
    assert isinstance(found[0], WorkerLost)
    assert "in time" in str(found[0])
    assert found[1] == 10
    assert time.monotonic() - started < 20


def test_a_worker_serves_many_calls():
    found = results([("pid", 0)] * 6, jobs=2)
    assert len(set(found.values())) <= 2


def test_calls_are_taken_as_workers_become_free():
    taken = []

    def calls():
        for number in range(5):
            taken.append(number)
            yield number, ("double", number)

    answers = call_in_processes(work, calls(), jobs=1, seconds=20)
    next(answers)
    assert taken == [0, 1]
    answers.close()


def test_nothing_to_do_is_done():
    assert results([]) == {}


def test_a_script_without_the_usual_guard_can_call_it(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from operator import mul\n"
        "from autograder.grading.pool import call_in_processes\n"
        "print(list(call_in_processes(mul, [('key', (2, 3))], jobs=1, seconds=20)))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.stdout == "[('key', 6)]\n", done.stderr


def busy_work(file):
    file.write_text(str(os.getpid()))
    time.sleep(60)


def test_no_worker_outlives_a_parent_that_is_killed(tmp_path):
    """It is in the middle of a call, and nobody can tell it."""
    files = [tmp_path / "one", tmp_path / "two"]
    code = (
        "from pathlib import Path\n"
        "from autograder.grading.pool import call_in_processes\n"
        "from tests.grading.test_pool import busy_work\n"
        f"calls = [(name, (Path(name),)) for name in {[str(file) for file in files]!r}]\n"
        "list(call_in_processes(busy_work, calls, jobs=2, seconds=60))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    workers = [int(waited_for(file)) for file in files]
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    end = time.monotonic() + 10
    while any(map(is_running, workers)) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(map(is_running, workers))


def waited_for(file):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if file.exists() and (text := file.read_text()):
            return text
        time.sleep(0.02)
    raise AssertionError(f"{file} was not written")


def is_running(pid):
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_what_calls_share_comes_first():
    calls = [("a", (2,)), ("b", (3,))]
    found = call_in_processes(pow, calls, jobs=1, seconds=20, shared=(10,))
    assert dict(found) == {"a": 100, "b": 1000}
