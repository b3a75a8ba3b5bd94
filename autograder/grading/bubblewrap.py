"""The command that puts a program into bubblewrap, and what it finds there.

It sees the Python installation and the libraries that notebooks import; no network, no course
files, no other process.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import autograder.student
import course_utils

PACKAGE = Path(autograder.student.__file__).parent
_LIBRARIES = "/libraries"
_PREFIXES = tuple(dict.fromkeys([Path(sys.base_prefix), Path(sys.prefix)]))
# Inside the sandbox it is private, and empty: so Python itself must not lie below it.
HOME = "/scratch" if any(p.is_relative_to("/tmp") for p in _PREFIXES) else "/tmp"  # noqa: S108


@cache
def bubblewrap() -> str:
    """Return why bubblewrap cannot be used on this machine; empty if it can."""
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    tried = subprocess.run(  # noqa: S603
        [*_namespaces(), "--ro-bind", "/", "/", "true"], capture_output=True, text=True, check=False
    )
    return f"bubblewrap does not work here: {tried.stderr.strip()}" if tried.returncode else ""


def _namespaces() -> list[str]:
    """Return bubblewrap's command for no network, no capabilities, no other processes."""
    command = ["bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if os.geteuid() == 0:
        # Root has the zygote become nobody (no limit on processes binds root). Everyone else
        # needs a user namespace, in which nothing is mapped but themselves.
        return [*command, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return [*command, "--unshare-user"]


def inside(
    command: Iterable[str], environment: Mapping[str, str], hidden: Iterable[Path]
) -> list[str]:
    """Return the command that runs `command` inside bubblewrap.

    Parameters
    ----------
    command : iterable of str
        A program and its arguments. It finds `PACKAGE` as a package of its own.
    environment : mapping
        Its environment, beside the paths.
    hidden : iterable of Path
        Folders that are not shown, should they lie in one that is.
    """
    wrapped = [*_namespaces(), "--as-pid-1", "--clearenv"]
    for name, value in {**environment, "PATH": "/usr/bin:/bin", "PYTHONPATH": _LIBRARIES}.items():
        wrapped += ["--setenv", name, value]
    wrapped += ["--ro-bind", "/usr", "/usr"]
    for folder in ("/bin", "/lib", "/lib64", "/sbin"):
        path = Path(folder)
        if path.is_symlink():
            wrapped += ["--symlink", str(path.readlink()), folder]
        elif path.exists():
            wrapped += ["--ro-bind", folder, folder]
    for path in (Path("/etc/ld.so.cache"), Path("/etc/fonts"), Path("/etc/localtime")):
        wrapped += ["--ro-bind-try", str(path), str(path)]
    for prefix in _PREFIXES:
        if not prefix.is_relative_to("/usr"):
            wrapped += [*_parents(prefix), "--ro-bind", str(prefix), str(prefix)]
    wrapped += _covers(hidden)
    library = Path(course_utils.__file__).parent
    wrapped += ["--dir", _LIBRARIES]
    for source in (PACKAGE, library):
        wrapped += ["--ro-bind", str(source), f"{_LIBRARIES}/{source.name}"]
    for pointer in _pointers_to_the_checkout():
        # They would tell where the course's files lie.
        wrapped += ["--ro-bind", os.devnull, str(pointer)]
    wrapped += ["--dev", "/dev", "--proc", "/proc", "--perms", "1777", "--tmpfs", HOME]
    # An ordinary user owns /dev, and it is the same for all submissions.
    wrapped += ["--remount-ro", "/dev"]
    return [*wrapped, "--chdir", HOME, "--remount-ro", "/", "--", *command]


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
    checkout = str(PACKAGE.parents[1])
    for folder in Path(sys.prefix).glob("lib/python*/site-packages"):
        for path in [*folder.glob("*.pth"), *folder.glob("*.dist-info/direct_url.json")]:
            with suppress(OSError, UnicodeDecodeError):
                if checkout in path.read_text():
                    yield path
