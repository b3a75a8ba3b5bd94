"""Cells are run in notebook order in processes of their own, with and without fork."""

import json
import time
from pathlib import Path

import psutil
import pytest

from autograder.proving.run import ENDED_EARLY, lab_cells, run_tasks
from autograder.proving.task import Result, Task
from tests.toy import CHECKS, SOURCE, edited, toy_course

LIMITS = "[limits]\ncell_seconds = 0.4\ncheck_seconds = 0.2\n"
BOTH = pytest.mark.parametrize("fork", [True, False])


def toy(tmp_path, **texts):
    lab = toy_course(tmp_path, **({"course_toml": LIMITS} | texts)).lab("toy")
    return lab, lab_cells(lab)


def place(cells, name):
    return [cell.name for cell in cells].index(name)


def statuses(result, exercise):
    return [outcome.status for outcome in result.verdict(exercise).outcomes]


def test_exercises_hold_their_solutions_and_texts_are_left_out(tmp_path):
    _, cells = toy(tmp_path)
    assert [cell.kind for cell in cells] == [
        "given", "exercise", "check", "exercise", "check", "explore", "exercise", "check",
    ]  # fmt: skip
    assert "SOLUTION" not in cells[1].source
    assert cells[2].exercise == "double"


@BOTH
def test_a_replaced_cell_counts_and_the_others_keep_their_solutions(tmp_path, fork):
    lab, cells = toy(tmp_path)
    replaced = {"double": "def double(x): return x"}
    task = Task("t", place(cells, "double"), ("double", "triple"), replaced)
    result = run_tasks(lab, cells, [task], fork=fork)["t"]
    assert statuses(result, "double") == ["failed", "failed"]
    assert statuses(result, "triple") == ["passed"]
    assert result.verdict("double").visible.status == "failed"
    assert result.verdict("mean_rows") is None


@BOTH
def test_a_task_starts_from_what_the_cells_before_it_leave(tmp_path, fork):
    lab, cells = toy(tmp_path)
    ask = {"triple": "raise RuntimeError(sorted(k for k in globals() if k[0] != '_'))"}
    task = Task("t", place(cells, "triple"), ("triple",), ask)
    ((_, text),) = run_tasks(lab, cells, [task], fork=fork)["t"].problems
    assert "['STEPS', 'double', 'mean_rows', 'np']" in text


def test_a_fork_leaves_no_trace_in_the_next(tmp_path):
    lab, cells = toy(tmp_path)
    spoil = {"double": "import numpy\nnumpy.random.default_rng = None\nSTEPS = None"}
    tasks = [
        Task("spoilt", place(cells, "double"), ("double",), spoil),
        Task("right", place(cells, "mean_rows_check"), ("mean_rows",)),
    ]
    results = run_tasks(lab, cells, tasks, slots=1)
    assert statuses(results["right"], "mean_rows") == ["passed", "passed"]
    assert statuses(results["spoilt"], "double") != ["passed", "passed"]


def test_results_come_in_the_order_the_tasks_were_given(tmp_path):
    lab, cells = toy(tmp_path)
    late = Task("late", place(cells, "triple_check"), ("triple",))
    early = Task("early", place(cells, "double_check"), ("double",))
    assert list(run_tasks(lab, cells, [late, early])) == ["late", "early"]


@BOTH
def test_a_task_that_ends_its_process_is_told_and_the_next_runs(tmp_path, fork):
    lab, cells = toy(tmp_path)
    start = place(cells, "double")
    tasks = [
        Task("dead", start, ("double",), {"double": "import os; os._exit(3)"}),
        Task("alive", start, ("double",)),
    ]
    results = run_tasks(lab, cells, tasks, fork=fork)
    assert "exit code 3" in results["dead"].crash
    assert results["alive"].crash == ""
    assert statuses(results["alive"], "double") == ["passed", "passed"]


@pytest.mark.parametrize("what", ["time.sleep(1000)", "while True: pass"])
def test_what_does_not_hear_its_alarm_is_stopped(tmp_path, what):
    lab, cells = toy(tmp_path)
    deaf = "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])\n"
    task = Task("deaf", place(cells, "triple"), ("triple",), {"triple": deaf + what})
    assert "hung" in run_tasks(lab, cells, [task])["deaf"].crash


def test_a_limit_is_of_processor_time(tmp_path):
    lab, cells = toy(tmp_path)
    # As if the machine had stood still for three times the limit of a check.
    slow = "import time\ndef triple(x):\n    time.sleep(0.6)\n    return 3 * x"
    task = Task("slow", place(cells, "triple"), ("triple",), {"triple": slow})
    assert set(statuses(run_tasks(lab, cells, [task])["slow"], "triple")) == {"passed"}


def test_cells_that_end_the_process_leave_a_reason_for_every_task(tmp_path):
    lab, cells = toy(tmp_path, source=edited(SOURCE, "STEPS = 3", "import os\nos._exit(7)"))
    tasks = [Task("a", 1, ("double",)), Task("b", place(cells, "triple"), ("triple",))]
    results = run_tasks(lab, cells, tasks)
    assert all(result.crash.startswith(ENDED_EARLY) for result in results.values())
    assert "exit code 7" in results["b"].crash


def test_after_one_check_has_used_up_its_time_only_the_catchers_run(tmp_path):
    one = '''

@check("triple", points=1)
def {name}(student, rng):
    """One more check."""
    close(student.triple(1.0), 3.0)
'''
    checks = CHECKS + "".join(one.format(name=name) for name in ["first", "second", "third"])
    lab, cells = toy(tmp_path, checks=checks)
    loop = {"triple": "def triple(x):\n    while True:\n        pass"}
    task = Task("loop", place(cells, "triple"), ("triple",), loop, catchers=("second",))
    outcomes = run_tasks(lab, cells, [task])["loop"].verdict("triple").outcomes
    assert [("not run" in outcome.seen) for outcome in outcomes] == [False, True, False, True]
    assert {outcome.status for outcome in outcomes} == {"error"}


def test_the_lab_sees_digits_one_thread_and_an_empty_folder(tmp_path):
    lab, cells = toy(tmp_path)
    tell = """\
import os
raise RuntimeError([os.environ[k] for k in ("COURSE_DATA", "OMP_NUM_THREADS", "MPLBACKEND")],
                   os.listdir(), __name__)"""
    task = Task("t", 0, ("double",), {"setup": tell})
    ((cell, text),) = run_tasks(lab, cells, [task])["t"].problems
    assert cell == "setup"
    assert "(['digits', '1', 'Agg'], [], '__main__'), at line 2: raise" in text


def test_source_classes_and_annotations_are_as_in_a_notebook(tmp_path):
    lab, cells = toy(tmp_path)
    code = """\
import inspect, pickle
def double(x: int):
    return 2 * x
class Box:
    pass
assert "return 2 * x" in inspect.getsource(double)
assert type(pickle.loads(pickle.dumps(Box()))) is Box
assert double.__annotations__ == {"x": int}
"""
    task = Task("t", place(cells, "double"), ("double",), {"double": code})
    result = run_tasks(lab, cells, [task])["t"]
    assert result.problems == ()
    assert statuses(result, "double") == ["passed", "passed"]


def test_no_tasks_need_no_process(tmp_path):
    lab, cells = toy(tmp_path)
    assert run_tasks(lab, cells, []) == {}


def test_a_result_survives_json(tmp_path):
    lab, cells = toy(tmp_path)
    task = Task("t", 1, ("double",), {"double": "1 / 0"})
    result = run_tasks(lab, cells, [task])["t"]
    assert result.problems
    assert Result.from_json(json.loads(json.dumps(result.to_json()))) == result
    assert Task.from_json(json.loads(json.dumps(task.to_json()))) == task


def test_no_process_is_left_behind(tmp_path):
    lab, cells = toy(tmp_path)
    # Other tests in this process may keep a warm sandbox.
    before = psutil.Process().children(recursive=True)
    run_tasks(lab, cells, [Task("t", 1, ("double",))])
    assert set(psutil.Process().children(recursive=True)) <= set(before)


@BOTH
def test_an_interrupted_run_stops_what_it_started(tmp_path, fork):
    lab, cells = toy(tmp_path, course_toml="")
    file = tmp_path / "pid"
    sleep = f"import os, pathlib, time\npathlib.Path({str(file)!r}).write_text(str(os.getpid()))\n"
    start = place(cells, "double")
    tasks = [
        Task("sleeper", start, ("double",), {"double": sleep + "time.sleep(20)"}),
        Task("quick", start, ("double",), {"double": WAIT.format(str(file))}),
    ]

    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_tasks(lab, cells, tasks, slots=2, fork=fork, progress=interrupt)
    deadline = time.monotonic() + 3
    while _is_alive(int(file.read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.02)


WAIT = """\
import pathlib, time
while not pathlib.Path({!r}).exists():
    time.sleep(0.01)
"""


def _is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
