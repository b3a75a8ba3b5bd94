"""Where students' processes run: inside bubblewrap, or beside us where there is none.

A `Sandbox` holds one warm zygote (`autograder.student.zygote`) and forks a process of it for
each submission. With bubblewrap it sees the Python installation and the libraries that
notebooks import; no network, no course files, no other process.
"""

from __future__ import annotations

import array
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Literal

import autograder.student
import course_utils
from autograder.errors import GradlabError
from autograder.grading.student_process import StudentProcess
from autograder.student.resources import Limits

Kind = Literal["auto", "bwrap", "none"]

START_SECONDS = 120.0
_LIBRARIES = "/libraries"
_PREFIXES = tuple(dict.fromkeys([Path(sys.base_prefix), Path(sys.prefix)]))
# Inside the sandbox it is private, and empty: so Python itself must not lie below it.
_HOME = "/scratch" if any(p.is_relative_to("/tmp") for p in _PREFIXES) else "/tmp"  # noqa: S108
_PRELOAD = ("numpy", "pandas", "matplotlib.pyplot", "course_utils", "tqdm.auto")
_PASSED_ON = ("PATH", "PYTHONHOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
_THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "BLIS")


@cache
def bubblewrap() -> str:
    """Return why bubblewrap cannot be used on this machine; empty if it can."""
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    tried = subprocess.run(  # noqa: S603
        [*_namespaces(), "--ro-bind", "/", "/", "true"], capture_output=True, text=True, check=False
    )
    return f"bubblewrap does not work here: {tried.stderr.strip()}" if tried.returncode else ""


def resolve(kind: Kind) -> Literal["bwrap", "none"]:
    """Return which sandbox is used where `kind` is asked for.

    Raises
    ------
    GradlabError
        If bubblewrap is asked for by name and cannot be used.
    """
    if kind == "none":
        return "none"
    reason = bubblewrap()
    if kind == "bwrap" and reason:
        raise GradlabError(
            "there is no sandbox on this machine",
            expected="a working bubblewrap",
            found=reason,
            mend="install it (Debian, Ubuntu: apt install bubblewrap), or use --sandbox none "
            "for submissions you trust",
        )
    return "none" if reason else "bwrap"


def no_sandbox_warning(kind: Kind) -> str:
    """Return what to tell the person who grades without a sandbox; empty where there is one."""
    if resolve(kind) == "bwrap":
        return ""
    why = "because of --sandbox none" if kind == "none" else bubblewrap()
    return f"""WARNING: students' code runs without a sandbox ({why}).
  It runs under your own account. Limits on time, memory, file size and output still bind.
  But it can read and change your files, other submissions, hidden checks and the gradebook,
  and it can use the network. Grade only submissions that you trust in this way.
  To have a sandbox: install bubblewrap (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf
  install bubblewrap), then run `gradlab doctor`. On macOS or Windows grade in a Linux
  container or virtual machine."""


class Sandbox:
    """A warm zygote and what it takes to fork students' processes of it.

    Parameters
    ----------
    kind : {"bwrap", "none"}
        What surrounds it.
    limits : Limits
        What each student's process may use.
    preload : iterable of str
        Modules that the notebooks import, beside the usual ones.
    hidden : iterable of Path
        Folders that are not shown, should they lie in one that is.
    """

    def __init__(
        self,
        kind: Literal["bwrap", "none"],
        limits: Limits,
        preload: Iterable[str] = (),
        hidden: Iterable[Path] = (),
    ) -> None:
        self.kind = kind
        self.limits = limits
        self.preload = list(dict.fromkeys([*_PRELOAD, *preload]))
        self.hidden = [Path(autograder.student.__file__).parents[2], *hidden]
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._home = tempfile.TemporaryDirectory(prefix="gradlab-", ignore_cleanup_errors=True)

    def fork(self) -> StudentProcess:
        """Return a fresh student's process; the zygote is started when it is not there.

        Raises
        ------
        GradlabError
            If the zygote cannot be started.
        """
        for _ in range(2):
            if self._control is None:
                self._start()
            with suppress(OSError):
                return self._forked()
            self.close_zygote()
        raise GradlabError("the zygote ends as soon as it is started", mend="run gradlab doctor")

    def close(self) -> None:
        """End the zygote and every process it has forked."""
        self.close_zygote()
        self._home.cleanup()

    def close_zygote(self) -> None:
        """End the zygote; the next fork starts another."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stderr is not None
            self._process.stderr.close()
        self._control = self._process = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _forked(self) -> StudentProcess:
        assert self._control is not None
        folder = _HOME if self.kind == "bwrap" else tempfile.mkdtemp(dir=self._home.name)
        data, their_data = socket.socketpair()
        orders, their_orders = socket.socketpair()
        with their_data, their_orders:
            sent = array.array("i", [their_data.fileno(), their_orders.fileno()])
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, sent.tobytes())]
            try:
                self._control.sendmsg([folder.encode()], ancillary)
            except OSError:
                data.close()
                orders.close()
                raise
        return StudentProcess(data, orders)

    def _start(self) -> None:
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        options = {
            "limits": asdict(self.limits),
            "sandboxed": self.kind == "bwrap",
            "preload": self.preload,
            "writable": [_HOME, "/dev/shm"],  # noqa: S108
        }
        package = Path(autograder.student.__file__).parent
        home = _HOME if self.kind == "bwrap" else self._home.name
        # Under bubblewrap only the student's side of this package is there, as `student`.
        module = f"{package.name}.zygote" if self.kind == "bwrap" else "autograder.student.zygote"
        python = [sys.executable, "-m", module, str(theirs.fileno()), json.dumps(options)]
        if self.kind == "bwrap":
            command = [*_bubblewrap(package, _environment(home), self.hidden), "--", *python]
            environment = {"PATH": os.environ.get("PATH", os.defpath)}
        else:
            command = python
            root = str(package.parents[1])
            # What else is in the grader's environment may be secret.
            passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
            environment = {**passed, **_environment(home), "PYTHONPATH": root}
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603
                command,
                pass_fds=[theirs.fileno()],
                env=environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        control.settimeout(START_SECONDS)
        try:
            warm = control.recv(1)
        except OSError:
            warm = b""
        if warm != b"w":
            self._process.kill()
            said = self._process.communicate()[1].decode(errors="replace").strip()
            control.close()
            raise GradlabError(
                "the process that students' code runs in does not start",
                found=said[-2000:] or f"no answer in {START_SECONDS:g} seconds",
                mend="run gradlab doctor",
            )
        control.settimeout(None)
        self._control = control


def _namespaces() -> list[str]:
    """Return bubblewrap's command for no network, no capabilities, no other processes."""
    command = ["bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if os.geteuid() == 0:
        # Root has the zygote become nobody (no limit on processes binds root). Everyone else
        # needs a user namespace, in which nothing is mapped but themselves.
        return [*command, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return [*command, "--unshare-user"]


def _bubblewrap(
    package: Path, environment: dict[str, str], hidden: Iterable[Path] = ()
) -> list[str]:
    # The zygote has a process of its own to wait for it.
    command = [*_namespaces(), "--as-pid-1", "--clearenv"]
    for name, value in {**environment, "PATH": "/usr/bin:/bin", "PYTHONPATH": _LIBRARIES}.items():
        command += ["--setenv", name, value]
    command += ["--ro-bind", "/usr", "/usr"]
    for folder in ("/bin", "/lib", "/lib64", "/sbin"):
        path = Path(folder)
        if path.is_symlink():
            command += ["--symlink", str(path.readlink()), folder]
        elif path.exists():
            command += ["--ro-bind", folder, folder]
    for path in (Path("/etc/ld.so.cache"), Path("/etc/fonts"), Path("/etc/localtime")):
        command += ["--ro-bind-try", str(path), str(path)]
    for prefix in _PREFIXES:
        if not prefix.is_relative_to("/usr"):
            command += [*_parents(prefix), "--ro-bind", str(prefix), str(prefix)]
    command += _covers(hidden)
    library = Path(course_utils.__file__).parent
    command += ["--dir", _LIBRARIES]
    for source in (package, library):
        command += ["--ro-bind", str(source), f"{_LIBRARIES}/{source.name}"]
    for pointer in _pointers_to_the_checkout():
        # They would tell where the course's files lie.
        command += ["--ro-bind", os.devnull, str(pointer)]
    command += ["--dev", "/dev", "--proc", "/proc", "--perms", "1777", "--tmpfs", _HOME]
    # An ordinary user owns /dev, and it is the same for all submissions of a zygote.
    command += ["--remount-ro", "/dev"]
    return [*command, "--chdir", _HOME, "--remount-ro", "/"]


def _parents(path: Path) -> list[str]:
    """Return options that make a path's parents, readable by everyone."""
    options = []
    for parent in reversed(path.parents[:-1]):
        options += ["--dir", str(parent)]
    return options


def _covers(hidden: Iterable[Path]) -> list[str]:
    """Return options that hide folders inside those that are shown, such as /usr/src/app."""
    prefixes = [Path(sys.base_prefix), Path(sys.prefix)]
    options = []
    for folder in dict.fromkeys(path.resolve() for path in hidden):
        if any(folder.is_relative_to(shown) for shown in (Path("/usr"), *prefixes)):
            options += ["--tmpfs", str(folder)]
            for prefix in prefixes:
                if prefix.is_relative_to(folder):
                    options += ["--ro-bind", str(prefix), str(prefix)]
            options += ["--remount-ro", str(folder)]
    return options


def _pointers_to_the_checkout() -> Iterator[Path]:
    """Yield the files by which an editable install names the folder of the checkout."""
    checkout = str(Path(autograder.student.__file__).parents[2])
    for folder in Path(sys.prefix).glob("lib/python*/site-packages"):
        for path in [*folder.glob("*.pth"), *folder.glob("*.dist-info/direct_url.json")]:
            with suppress(OSError, UnicodeDecodeError):
                if checkout in path.read_text():
                    yield path


def _environment(home: str) -> dict[str, str]:
    """Return the environment of students' processes: the same on every machine."""
    return {
        **{f"{library}_NUM_THREADS": "1" for library in _THREADS},
        "COURSE_DATA": "digits",
        # Memory in large pages makes a fork less than half as dear (glibc; no harm elsewhere).
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
        "PYTHONMALLOC": "malloc",
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
