"""Grading on a Dask cluster: the same results, whatever becomes of the workers."""

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from autograder.errors import GradlabError
from autograder.grading.pool import WorkerLost
from autograder.grading.run import grade_course
from tests.grading.classroom import book, tables
from tests.grading.far import work
from tests.grading.helpers import WRONG_DOUBLE, solved, submit, untouched
from tests.toy import NAME, toy_course

distributed = pytest.importorskip("distributed")

from autograder.grading import cluster as cluster_module  # noqa: E402
from autograder.grading.cluster import call_on_cluster  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as made:
        yield made


def results(cluster, calls, seconds=60.0):
    address = cluster.scheduler_address
    return dict(call_on_cluster(work, enumerate(calls), address=address, seconds=seconds))


def test_a_call_that_ends_its_process_or_does_not_end_costs_only_itself(cluster):
    found = results(cluster, [("a", 0), ("die", 0), ("sleep", 0), ("b", 0)], seconds=3)
    assert (found[0], found[3]) == ("a", "b")
    assert isinstance(found[1], WorkerLost)
    assert "code 7" in str(found[1])
    assert "in time" in str(found[2])


def test_what_a_dask_worker_had_when_it_died_is_done_elsewhere(cluster, tmp_path):
    calls = [("a", 0), ("kill the worker once", tmp_path / "once"), ("b", 0), ("c", 0)]
    assert list(results(cluster, calls).values()).count("kill the worker once") == 1
    assert (tmp_path / "once").exists()


def test_a_call_that_kills_each_worker_is_given_up_in_the_end(cluster):
    found = results(cluster, [("kill the worker", 0)])
    assert isinstance(found[0], WorkerLost)
    assert "workers died" in str(found[0])


def class_in(folder, empty_book):
    course = toy_course(folder)
    shutil.copy(empty_book, folder)
    lab = course.lab(NAME)
    kinds = {
        "solved": solved(lab),
        "untouched": untouched(lab),
        "wrong": solved(lab, double=WRONG_DOUBLE),
        "died": solved(lab, mean_rows="import os\nos._exit(1)"),
        "broken": "{",
    }
    for kind, content in kinds.items():
        for number in range(3):
            submit(course, f"{kind}{number}", content)
    return lab


def test_scores_are_those_of_a_local_run_also_when_a_worker_is_killed(
    cluster, tmp_path, empty_book
):
    """The workers have none of the course's files but what is sent to them."""
    labs = {place: class_in(tmp_path / place, empty_book) for place in ("local", "far")}
    local = grade_course(labs["local"], tmp_path / "local")
    killed = []

    def kill():
        while not list(tmp_path.glob("far/autograded/*")):
            time.sleep(0.01)
        killed.append(cluster.workers[0].pid)
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    far = grade_course(labs["far"], tmp_path / "far", cluster=cluster.scheduler_address)
    killer.join(10)
    assert killed
    assert [graded.status for graded in far.values()] == ["unreadable"] * 3 + ["graded"] * 12
    for name, graded in local.items():
        assert (graded.scores, graded.flags) == (far[name].scores, far[name].flags)
        if graded.status == "graded":
            home = Path("autograded", name, NAME, f"{NAME}.ipynb")
            assert (tmp_path / "far" / home).read_bytes() == (
                tmp_path / "local" / home
            ).read_bytes()
    assert tables(book(tmp_path / "far")) == tables(book(tmp_path / "local"))


def test_workers_of_another_version_are_refused(cluster, monkeypatch):
    monkeypatch.setattr(cluster_module, "grader_digest", other_digest)
    with pytest.raises(GradlabError, match="another version of the grader"):
        results(cluster, [("a", 0)])


def other_digest():
    """Run here and there; the test's process has another name for it."""
    return "here" if "PYTEST_CURRENT_TEST" in os.environ else "there"


def test_no_scheduler_is_told(monkeypatch):
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 1)
    with pytest.raises(GradlabError, match="no Dask scheduler at tcp:") as caught:
        dict(call_on_cluster(work, [(0, ("a", 0))], address="tcp://127.0.0.1:1", seconds=1))
    assert "dask scheduler" in str(caught.value)


def test_nothing_to_do_needs_no_scheduler():
    assert dict(call_on_cluster(work, [], address="tcp://127.0.0.1:1", seconds=1)) == {}
