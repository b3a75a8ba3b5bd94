"""A process in which everything is imported, and the zygotes that are forked of it.

To import what notebooks import takes seconds. It is done once for all workers of a machine,
while the grader itself still starts. Whoever connects to the nursery has a zygote of their own
(`autograder.student.zygote`).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from autograder.errors import GradlabError
from autograder.grading.bubblewrap import HOME, PACKAGE, inside

if TYPE_CHECKING:
    from autograder.grading.ready import Ready

START_SECONDS = 120.0
_END_SECONDS = 10.0
_PASSED_ON = ("PATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
_THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "BLIS")
# The name of a socket has room for about a hundred characters.
_LONGEST = 70


class Nursery:
    """The process, started and not waited for.

    Parameters
    ----------
    kind : {"bwrap", "none"}
        What surrounds it.
    hidden : sequence of Path
        Folders that students' code must not see.

    Attributes
    ----------
    address : str
        What `connect` takes.
    """

    def __init__(self, kind: Literal["bwrap", "none"], hidden: tuple[Path, ...] = ()) -> None:
        short = tempfile.gettempdir() if len(tempfile.gettempdir()) < _LONGEST else "/tmp"  # noqa: S108
        self._home = Path(tempfile.mkdtemp(prefix="gradlab-", dir=short))
        self.address = str(self._home / "nursery")
        # Only inside a sandbox are there folders that can be made anew for each submission.
        self._writable = [HOME, "/dev/shm"] if kind == "bwrap" else []  # noqa: S108
        self._options = self._home / "options"
        self._options.touch()
        # It tells the nursery when its options are there, and when this process has gone.
        self._life, theirs = socket.socketpair()
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door,
            self._options.open() as stdin,
            theirs,
        ):
            door.bind(self.address)
            door.listen(128)
            python = [sys.executable, "-m"]
            numbers = [door.fileno(), theirs.fileno()]
            if kind == "bwrap":
                # Only the student's side of this package is there.
                python += [f"{PACKAGE.name}.zygote", *map(str, numbers)]
                command = inside(python, _environment(HOME), [PACKAGE.parents[1], *hidden])
                environment = {"PATH": os.environ.get("PATH", os.defpath)}
            else:
                command = [*python, "autograder.student.zygote", *map(str, numbers)]
                # What else is in the grader's environment may be secret.
                passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
                own = _environment(str(self._home))
                environment = {**passed, **own, "PYTHONPATH": str(PACKAGE.parents[1])}
            self.process = subprocess.Popen(  # noqa: S603
                command,
                pass_fds=numbers,
                env=environment,
                cwd="/",
                stdin=stdin,
                start_new_session=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )

    def prepare(self, ready: Ready) -> None:
        """Say what it makes ready; before that it serves nobody."""
        options = {**asdict(ready), "writable": self._writable}
        self._options.write_text(json.dumps(options))
        with suppress(OSError):  # it has ended; who connects will find that out
            self._life.send(b"o")

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> str:
        """End it, and every process that comes of it; return what it has said."""
        self._life.close()
        # All of its group: bubblewrap that is killed as it starts leaves a child that waits for it.
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        said = b""
        with suppress(subprocess.TimeoutExpired):
            said = self.process.communicate(timeout=_END_SECONDS)[1]
        shutil.rmtree(self._home, ignore_errors=True)
        return said.decode(errors="replace").strip()


def connect(address: str) -> socket.socket:
    """Return the connection to a new zygote of a nursery.

    Raises
    ------
    GradlabError
        If there is none.
    """
    control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control.settimeout(START_SECONDS)
    started = time.monotonic()
    try:
        control.connect(address)
        # It keeps to the processors of whoever it works for.
        control.send(json.dumps(_processors()).encode())
        if control.recv(1) == b"w":
            control.settimeout(None)
            return control
        found = "it has ended"
    except OSError as error:
        found = f"{error} after {time.monotonic() - started:.0f} seconds"
    control.close()
    raise GradlabError(
        "the process that students' code runs in does not start",
        found=found,
        mend="run gradlab doctor",
    )


def _processors() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _environment(home: str) -> dict[str, str]:
    """Return the environment of students' processes: the same on every machine."""
    return {
        **{f"{library}_NUM_THREADS": "1" for library in _THREADS},
        "COURSE_DATA": "digits",
        # Memory in large pages makes a fork less dear (glibc; no harm elsewhere).
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
        "HOME": home,
        "IPYTHONDIR": f"{home}/.ipython",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "NBGRADER_EXECUTION": "autograde",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONSAFEPATH": "1",
        "TMPDIR": home,
    }
