"""What surrounds a student's process: nothing passes from one submission to the next."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.grading.grade import grade_submission
from autograder.grading.ready import Ready
from autograder.grading.sandbox import Sandbox
from autograder.grading.student_process import StudentGone
from autograder.grading.submissions import read_submission
from autograder.student.resources import Limits
from tests.grading.helpers import ask, data, submit
from tests.hostile.attacks import MARK
from tests.hostile.conftest import WRITABLE, descendants, needs_sandbox, settled

LIMITS = Limits(memory=2**28, file=2**20, disk=2**23, processes=24)


@pytest.fixture(scope="module")
def warm():
    with Sandbox("bwrap", Ready(LIMITS)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(warm):
    """Return the sandbox with nothing in it; a test that failed may have left something."""
    if warm._nursery is not None and not settled(lambda: len(inside(warm)) <= 3):
        warm.close_zygote()
    return warm


def inside(sandbox):
    """Return the processes in a sandbox; nursery, waiting process and zygote make three."""
    return descendants(sandbox._nursery.process.pid)


FOLDERS = [WRITABLE, "/dev/shm", "/dev", "/proc", "/", "/libraries", "/usr", "/etc", "/dev/pts"]


def ran(process, source, seconds=60):
    run = process.run_cell(source, seconds)
    return "".join(
        str(o.get("text", "")) + str(o.get("data", "")) + "\n".join(o.get("traceback", []))
        for o in run.outputs
    )


LEAVE = f"""
import ctypes, os, socket, subprocess
from multiprocessing import shared_memory
left = []
def leave(name, do):
    try:
        do()
        left.append(name)
    except Exception as error:
        pass
libc = ctypes.CDLL(None, use_errno=True)
key = libc.syscall(248, b"user", b"{MARK}", b"x", 1, -3)
assert (libc.shmget(77, 4096, 0o1666), key) == (-1, -1)
for folder in {FOLDERS}:
    leave(folder, lambda: open(f"{{folder}}/{MARK}", "w").write("x"))
box = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
leave("abstract", lambda: box.bind("\\0{MARK}"))
inet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
leave("inet", lambda: inet.bind(("0.0.0.0", 44444)))
leave("posix", lambda: shared_memory.SharedMemory("{MARK}2", create=True, size=9))
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import time; time.sleep(1000)
    os._exit(0)
print(left)
"""

FIND = f"""
import os, socket
found = []
for folder in {FOLDERS}:
    if os.path.exists(f"{{folder}}/{MARK}"):
        found.append(folder)
box = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
try:
    box.connect("\\0{MARK}")
    found.append("abstract")
except OSError:
    pass
inet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
inet.bind(("0.0.0.0", 44444))
for number in range(2, 2000):
    try:
        os.kill(number, 0)
        found.append(number)
    except OSError:
        pass
print(found)
"""


CAPABILITIES = """
import ctypes
libc = ctypes.CDLL(None)
read_bounding = 23
header, held = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
libc.capget(header, held)
print(any(held), [n for n in range(41) if libc.prctl(read_bounding, n, 0, 0, 0) == 1])
"""


@needs_sandbox
def test_a_student_has_no_capability_and_no_program_gains_one(sandbox):
    process = sandbox.fork()
    assert ran(process, CAPABILITIES) == "False []\n"
    process.end()


def test_without_a_sandbox_each_process_may_do_what_the_first_may():
    seen = []
    with Sandbox("none", Ready(LIMITS)) as beside_us:
        for _ in range(3):
            process = beside_us.fork()
            seen.append(ran(process, CAPABILITIES))
            process.end()
    assert seen[0].startswith(("False [", "True ["))
    assert seen == seen[:1] * 3


@pytest.mark.slow
@needs_sandbox
def test_nothing_reaches_a_submission_beside_it_or_after_it(sandbox):
    """Both while the first one lives, and when it has ended."""
    first = sandbox.fork()
    left = [WRITABLE, "/dev/shm", "abstract", "inet", "posix"]
    assert ran(first, LEAVE) == f"{left}\n"
    beside = sandbox.fork()
    assert ran(beside, FIND) == "[]\n"
    first.end()
    after = sandbox.fork()
    assert ran(after, FIND) == "[]\n"
    for process in (beside, after):
        process.end()
    assert settled(lambda: len(inside(sandbox)) <= 3)


@pytest.mark.slow
@needs_sandbox
def test_what_honest_code_needs_is_there():
    """The filter of system calls leaves processes, threads, pools and shared arrays."""
    sandbox = Sandbox("bwrap")
    process = sandbox.fork()
    said = ran(process, """
import multiprocessing, os, random, subprocess, tempfile, threading, time
print(subprocess.run(["echo", "child"], capture_output=True, text=True).stdout.strip())
thread = threading.Thread(target=print, args=("thread",)); thread.start(); thread.join()
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(pool.map(abs, [-1, 2]))
print(multiprocessing.Array("d", 3)[:], os.urandom(1) != b"", tempfile.mkdtemp() != "")
""")  # fmt: skip
    process.end()
    sandbox.close()
    assert said == "child\nthread\n[1, 2]\n[0.0, 0.0, 0.0] True True\n"


@pytest.mark.slow
@needs_sandbox
def test_memory_is_bounded_for_each_process_and_a_victim_is_named(sandbox):
    process = sandbox.fork()
    said = ran(process, """
import resource
for name in ("NPROC", "FSIZE", "CORE"):
    print(name, resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1])
try:
    bytearray(2**28 + 2**27)
    print("no limit")
except MemoryError:
    print("full")
""")  # fmt: skip
    assert said == f"NPROC 24\nFSIZE {2**20}\nCORE 0\nfull\n"
    scores = [
        Path(f"/proc/{number}/oom_score_adj").read_text().strip() for number in inside(sandbox)
    ]
    assert scores.count("1000") == 2  # the process and the zygote
    process.end()


@pytest.mark.slow
@needs_sandbox
def test_a_course_inside_a_folder_that_is_shown_is_hidden():
    """Somebody keeps the course in /usr/src/app, or beside Python itself."""
    from autograder.grading.bubblewrap import inside

    course = Path(sys.prefix) / "course"
    command = inside(["true"], {}, [course])
    assert ["--tmpfs", str(course)] in [command[i : i + 2] for i in range(len(command))]
    command = inside(["true"], {}, [Path("/nowhere/that/is/shown")])
    assert "/nowhere/that/is/shown" not in command


def test_a_link_is_not_followed(lab, tmp_path):
    """Neither a notebook, nor a folder, that leads out of the student's own."""
    from autograder.catalog import Course

    course = Course(tmp_path)
    target = lab.hidden_folder / "checks.py"
    path = submit(course, "linker", "x")
    path.unlink()
    path.symlink_to(target)
    (tmp_path / "submitted" / "leaver").mkdir()
    (tmp_path / "submitted" / "leaver" / "toy").symlink_to(target.parent)
    os.mkfifo(submit(course, "pipe", "x").with_name("other.ipynb"))
    submit(course, "pipe", "x").unlink()
    found = {
        student: read_submission(tmp_path, "toy", student, [])
        for student in ("linker", "leaver", "pipe", "..", "../..", "a/b", "")
    }
    assert {submission.status for submission in found.values()} <= {"refused", "missing"}
    assert found["linker"].status == found["leaver"].status == found["pipe"].status == "refused"
    assert all(submission.data is None for submission in found.values())


@pytest.mark.slow
def test_without_a_sandbox_points_and_time_still_hold(package, base):
    """A lying answer, a deaf loop, a dead process: these need no sandbox to be withstood.

    Reading the course's files does, and looking at the grader's processes.
    """
    from autograder.grading.execute import close_sandboxes
    from tests.hostile.attacks import ATTACKS, HONEST
    from tests.hostile.test_attacks import points, submission

    names = [
        "a float subclass that equals everything",
        "np.allclose and np.testing replaced",
        "asserts stripped by an AST transformer",
        "frames searched for what is expected",
        "the environment printed",
        "inputs kept in a global",
        "signals ignored in an endless loop",
        "os._exit in a function",
        "a memory bomb in a cell",
        "returns many keys with one hash",
        "returns a list that holds itself",
    ]
    try:
        for name in names:
            attack = ATTACKS[name]
            content = submission(base, attack, None, 1)
            graded = grade_submission(package, content, "none")
            assert points(graded) == HONEST | attack.points, name
            assert points(grade_submission(package, data(base), "none")) == HONEST
            if name == "the environment printed":
                assert "swordfish" not in graded.notebook.decode()
    finally:
        close_sandboxes()


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() == 0, reason="no limit on processes binds root")
@pytest.mark.parametrize("attack", ["", "a fork bomb in a cell"])
def test_without_a_sandbox_other_processes_of_the_account_cost_nothing(package, base, attack):
    """A desktop runs hundreds, and the kernel counts them and the student's together."""
    from autograder.grading.execute import close_sandboxes
    from tests.hostile.attacks import ATTACKS, HONEST, Attack
    from tests.hostile.test_attacks import points, submission

    others = [subprocess.Popen(["sleep", "1000"]) for _ in range(3 * LIMITS.processes)]
    try:
        content = submission(base, ATTACKS.get(attack, Attack()), None, 1)
        assert points(grade_submission(package, content, "none")) == HONEST
    finally:
        close_sandboxes()
        for other in others:
            other.kill()
            other.wait()


@needs_sandbox
def test_a_process_that_is_gone_says_so(sandbox):
    process = sandbox.fork()
    with pytest.raises(StudentGone):
        process.run_cell("import os; os._exit(0)", 5)
    assert not process.alive
    with pytest.raises(StudentGone):
        process.tampering()


@pytest.mark.slow
@needs_sandbox
def test_a_process_left_by_a_function_ends_before_the_next_exercise(sandbox):
    """Else it would take time, and its place among the processes, from the next."""
    from tests.hostile.attacks import ATTACKS

    process = sandbox.fork()
    assert ran(process, ATTACKS["inputs kept in a process left behind"].cells["double"]) == ""
    process.keep_moment(1)
    process.keep_moment(2)
    process.turn_to(1)
    double = ask(process, "name", "double")
    assert ask(process, "call", double, [0.123456789], {}) == 0.0
    assert len(inside(sandbox)) >= 5  # it is there
    process.turn_to(2)
    assert len(inside(sandbox)) == 4
    process.end()
