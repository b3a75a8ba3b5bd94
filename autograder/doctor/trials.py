"""Try the sandbox: fork a student's process and have it do what it must not.

Each trial is harmless where the limit does not bind: a few dozen sleeping processes, a file of
some megabytes.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import autograder
from autograder.doctor.finding import Finding
from autograder.errors import GradlabError
from autograder.grading.bubblewrap import bubblewrap
from autograder.grading.ready import Ready
from autograder.grading.sandbox import Sandbox
from autograder.grading.student_process import StudentGone, StudentProcess
from autograder.student.resources import Limits

_MIB = 2**20
LIMITS = Limits(memory=512 * _MIB, file=4 * _MIB, disk=16 * _MIB, processes=24)
READY = Ready(LIMITS)
INSTALL = "Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap"
# Each trial ends by itself as soon as it knows; this is for one that hangs.
_SECONDS = 300.0

_PROCESSES = """
import os, signal
started = []
try:
    while len(started) < {most}:
        child = os.fork()
        if child == 0:
            try:
                signal.pause()
            finally:
                os._exit(0)
        started.append(child)
except OSError:
    pass
print(len(started))
for child in started:
    os.kill(child, signal.SIGKILL)
"""
_MEMORY = """
import numpy as np
try:
    block = np.ones({most}, dtype=np.uint8)
    print("got it")
except MemoryError:
    print("refused")
"""
_FILE = """
try:
    with open("large", "wb") as file:
        file.write(bytes({most}))
        file.flush()
    print("got it")
except OSError:
    print("refused")
"""
_DISK = """
try:
    for number in range({count}):
        with open(f"part{{number}}", "wb") as file:
            file.write(bytes({part}))
    print("got it")
except OSError:
    print("refused")
"""
_NETWORK = """
import socket
try:
    socket.create_connection(("127.0.0.1", {port}), 2).close()
    print("got it")
except OSError:
    print("refused")
"""
_FILES = """
import os
print("seen" if os.path.exists({path!r}) else "hidden")
"""


class _TooSlowError(Exception):
    """A cell was stopped before it came to its end, so it says nothing about a limit."""

    def __str__(self) -> str:
        return f"a cell was still running after {_SECONDS:g} seconds"


@dataclass(frozen=True)
class Trial:
    """One thing that a student's process tries.

    Attributes
    ----------
    name : str
        The limit's name.
    source : str
        The cell that tries it.
    holds : callable
        Whether what the cell printed shows that the limit binds.
    limit, broken : str
        What is said if it does, and if it does not.
    """

    name: str
    source: str
    holds: Callable[[str], bool]
    limit: str
    broken: str


def trials(root: Path, port: int) -> list[Trial]:
    """Return what is tried.

    Parameters
    ----------
    root : Path
        The folder of the course.
    port : int
        A port of this machine where something listens.
    """
    large, many = 4 * LIMITS.memory, 3 * LIMITS.processes
    part = LIMITS.file // 2
    return [
        Trial(
            "processes",
            _PROCESSES.format(most=many),
            lambda said: said.isdecimal() and int(said) <= LIMITS.processes,
            "a process that starts others without end is stopped",
            "a process can start others without end",
        ),
        Trial(
            "memory",
            _MEMORY.format(most=large),
            lambda said: said == "refused",
            "too much of it is a MemoryError",
            f"{large // _MIB} MiB were taken where {LIMITS.memory // _MIB} are allowed",
        ),
        Trial(
            "file size",
            _FILE.format(most=2 * LIMITS.file),
            lambda said: said == "refused",
            "a file that grows too large is refused",
            "a file can grow without end",
        ),
        Trial(
            "all files",
            _DISK.format(count=3 * LIMITS.disk // part, part=part),
            lambda said: said == "refused",
            "many files cannot fill the disk",
            "many files can fill the disk",
        ),
        Trial(
            "no network",
            _NETWORK.format(port=port),
            lambda said: said == "refused",
            "students' code has none",
            "students' code can use the network",
        ),
        Trial(
            "no course files",
            _FILES.format(path=str(root / "autograder")),
            lambda said: said == "hidden",
            "submissions, hidden checks and the gradebook are out of sight",
            f"students' code can read {root}",
        ),
    ]


def sandbox_findings(root: Path) -> list[Finding]:
    """Look for bubblewrap, fork a student's process, and try its limits."""
    reason = bubblewrap()
    kind: Literal["bwrap", "none"] = "none" if reason else "bwrap"
    findings = [_bubblewrap_finding(reason)]
    try:
        with Sandbox(kind, READY) as sandbox, socket.create_server(("127.0.0.1", 0)) as server:
            findings.append(_fork(sandbox))
            port = server.getsockname()[1]
            findings += [_tried(sandbox, trial) for trial in trials(root, port)]
            findings.append(_time(sandbox))
    except (GradlabError, StudentGone, _TooSlowError, OSError) as error:
        found = error.found if isinstance(error, GradlabError) and error.found else error
        findings.append(
            Finding(
                "student's process",
                "to do",
                f"it does not start: {' '.join(str(found).split())[-300:]}",
                "look at what stands before this; in a container, allow user namespaces",
                unsafe=True,
            )
        )
    return findings


def _bubblewrap_finding(reason: str) -> Finding:
    path = shutil.which("bwrap")
    if path is None:
        return Finding(
            "bubblewrap", "missing", "not installed", f"install it: {INSTALL}", unsafe=True
        )
    if reason:
        return Finding(
            "bubblewrap",
            "to do",
            f"{path}; {reason}",
            "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, on Ubuntu "
            "kernel.apparmor_restrict_unprivileged_userns=0; in Docker, --cap-add SYS_ADMIN "
            "--security-opt seccomp=unconfined",
            unsafe=True,
        )
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    return Finding("bubblewrap", "ok", f"{said.stdout.strip()}, {path}; it works here")


def _fork(sandbox: Sandbox) -> Finding:
    started = time.perf_counter()
    process = sandbox.fork()
    warm = time.perf_counter()
    try:
        said = _run(process, "import numpy as np\nprint(int(np.ones(3).sum()))")
    finally:
        process.end()
    again = time.perf_counter()
    sandbox.fork().end()
    forked = time.perf_counter() - again
    if said != "3":
        seen = f"it starts, but a cell does not run: {said}"
        return Finding("student's process", "to do", seen, _REPORT, unsafe=True)
    seen = f"warm after {warm - started:.1f} s, then {forked * 1000:.0f} ms for each"
    return Finding("student's process", "ok", seen)


def _tried(sandbox: Sandbox, trial: Trial) -> Finding:
    process = sandbox.fork()
    try:
        said = _run(process, trial.source)
    except _TooSlowError:
        return Finding(
            trial.name,
            "to do",
            f"not known: {_SECONDS:g} seconds were too few to try it",
            "ask again when this machine has less to do",
            unsafe=True,
        )
    except StudentGone:
        # It was ended for what it tried, which costs it more and us nothing.
        return Finding(trial.name, "ok", trial.limit)
    finally:
        process.end()
    if trial.holds(said):
        return Finding(trial.name, "ok", trial.limit)
    mend = "install bubblewrap" if sandbox.kind == "none" else _REPORT
    seen = trial.broken if said in _EXPECTED or said.isdecimal() else f"{trial.broken} ({said})"
    return Finding(trial.name, "to do", seen, mend, unsafe=True)


def _time(sandbox: Sandbox) -> Finding:
    """Whether a loop without end is stopped."""
    process = sandbox.fork()
    started = time.perf_counter()
    try:
        stopped = process.run_cell("while True:\n    pass", 0.5).stopped
    except StudentGone:
        stopped = True
    finally:
        process.end()
    seconds = time.perf_counter() - started
    if stopped and seconds < _SECONDS:
        return Finding("time", "ok", f"a loop without end is stopped ({seconds:.1f} s)")
    return Finding("time", "to do", "a loop without end is not stopped", _REPORT, unsafe=True)


def _run(process: StudentProcess, source: str) -> str:
    """Return what a cell prints, or the name of what it raises."""
    ran = process.run_cell(source, _SECONDS)
    if ran.stopped:
        raise _TooSlowError
    texts = [
        str(output.get("text") or output.get("ename") or "")
        for output in ran.outputs
        if isinstance(output, dict)
    ]
    return "".join(texts).strip()[:200]


_EXPECTED = ("got it", "seen")
_REPORT = (
    f"do not grade work you do not trust here; {Path(autograder.__file__).parent} needs a look"
)
