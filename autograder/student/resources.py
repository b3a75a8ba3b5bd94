"""What a student's process may use, made to bind while its code runs."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_NEWNS, _NEWIPC, _NEWUSER, _NEWPID = 0x00020000, 0x08000000, 0x10000000, 0x20000000
_NEWNET = 0x40000000
_READ_ONLY = 1
_SET_PDEATHSIG, _SET_DUMPABLE, _CAPBSET_DROP, _SET_CHILD_SUBREAPER = 1, 4, 24, 36
_LAST_CAPABILITY = 63
_CAPABILITY_VERSION_3 = 0x20080522

_COLLAPSE, _LARGE_PAGE = 25, 2 * 2**20
# So many files, and no more, can lie in a folder that may be written to.
_FILES = 10_000

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Limits:
    """What one student's process may use.

    Attributes
    ----------
    memory, file, disk, output : int
        Bytes: of memory in each process, of one file, of all files, of one cell's outputs.
    processes : int
        Processes and threads at a time.
    mapped, held : int
        What a process has before a student's code runs, which is not counted: bytes of address
        space, and of memory of its own. 0 if that is not known.
    """

    memory: int = 2 * 2**30
    file: int = 64 * 2**20
    disk: int = 256 * 2**20
    output: int = 2**20
    processes: int = 64
    mapped: int = 0
    held: int = 0

    def bind(self) -> None:
        """Make the limits bind in this process and all it starts."""
        for what, amount in (
            (resource.RLIMIT_DATA, self.held + self.memory),
            # The other does not count memory that is shared between processes.
            (resource.RLIMIT_AS, self.mapped + 2 * self.memory if self.mapped else -1),
            (resource.RLIMIT_FSIZE, self.file),
            (resource.RLIMIT_NPROC, self.processes),
            (resource.RLIMIT_NOFILE, 256),
            (resource.RLIMIT_CORE, 0),
        ):
            hard = resource.getrlimit(what)[1]
            known = [bound for bound in (amount, hard) if bound != resource.RLIM_INFINITY]
            if known:
                resource.setrlimit(what, (min(known), min(known)))
        # A file that grows too large is an error in the student's code, not its death.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def enter_user_namespace() -> None:
    """Enter a fresh namespace of users, in which this process may make further namespaces.

    The sockets that can be reached are fresh too, and none. The next fork is the first process
    of a namespace of processes: when it ends, all that it has started ends.
    """
    user, group = os.getuid(), os.getgid()
    _call("unshare", _libc.unshare(_NEWUSER | _NEWPID | _NEWNET))
    show_memory()
    # Without a mapping of its own account a process here could not make namespaces again.
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def end_first_when_memory_is_short() -> None:
    """Have the kernel end this process, or what it forks, first when memory runs out."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def fork_first(own: int) -> int:
    """Fork the first process of a fresh namespace of processes.

    Parameters
    ----------
    own : int
        The opened file of this process's own namespace, to which the next fork belongs again.
    """
    _call("unshare", _libc.unshare(_NEWPID))
    try:
        process = os.fork()
    except OSError:
        _call("setns", _libc.setns(own, _NEWPID))
        raise
    if process:
        _call("setns", _libc.setns(own, _NEWPID))
    return process


def enter_namespaces(limits: Limits, writable: Sequence[str], *, beside: bool) -> None:
    """Enter fresh namespaces of mounts and shared memory; the writable folders are empty.

    Those of sockets are as they were: with the processes of an earlier submission its sockets
    have gone. Only `beside` another submission they are fresh.
    """
    _call("unshare", _libc.unshare(_NEWNS | _NEWIPC | (_NEWNET if beside else 0)))
    for folder in writable:
        _mount_empty(folder, f"size={limits.disk},nr_inodes={_FILES},mode=777")
    _mount_empty("/proc", "size=4k,mode=555", _READ_ONLY)
    os.chdir(writable[0])


def close_files(*kept: int) -> None:
    """Close every descriptor but the standard ones and those that are kept."""
    last = 2
    for descriptor in sorted(kept):
        os.closerange(last + 1, descriptor)
        last = descriptor
    os.closerange(last + 1, 4096)


def hide_memory() -> None:
    """Let no process of the same user look into this one."""
    _libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)


def show_memory() -> None:
    """Undo `hide_memory`; a process that hides its memory cannot write to its own /proc."""
    _libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0)


def end_with_parent() -> None:
    """Have this process killed when its parent ends."""
    _libc.prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def use_large_pages() -> None:
    """Put what lies in this process's memory into large pages, as far as the kernel can.

    To fork is to copy a table with an entry for each page, and to end is to go through it: 512
    pages of 4 KiB have one entry if they are one. Before Linux 6.1 nothing happens.
    """
    with suppress(OSError):
        for line in Path("/proc/self/maps").read_text().splitlines():
            addresses, access, _, _, _, *name = line.split()
            if access == "rw-p" and name in ([], ["[heap]"]):
                first, last = (int(number, 16) for number in addresses.split("-"))
                first += -first % _LARGE_PAGE
                for at in range(first, last - _LARGE_PAGE + 1, _LARGE_PAGE):
                    _libc.madvise(ctypes.c_void_p(at), ctypes.c_size_t(_LARGE_PAGE), _COLLAPSE)


def memory_in_use() -> tuple[int, int]:
    """Return how many bytes of addresses, and of memory of its own, this process has.

    Both are 0 where they cannot be read.
    """
    with suppress(OSError):
        pages = Path("/proc/self/statm").read_text().split()
        return int(pages[0]) * resource.getpagesize(), int(pages[5]) * resource.getpagesize()
    return 0, 0


def processes_of_account() -> int | None:
    """Return how many processes and threads this account runs; None if that is not known."""
    count = 0
    for path in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError, ValueError, KeyError):
            words = dict(line.split(":", 1) for line in path.read_text().splitlines())
            if int(words["Uid"].split()[0]) == os.getuid():
                count += int(words["Threads"])
    return count or None


def adopt_orphans() -> None:
    """Become the parent of what this process's descendants leave running."""
    _libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_orphans() -> None:
    """End every child of this process, and the children they leave."""
    for _ in range(100):
        try:
            listing = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
        except OSError:
            return
        children = [int(number) for number in listing.split()]
        if not children:
            return
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        for child in children:
            with suppress(ChildProcessError):
                os.waitpid(child, 0)


def gain_no_capabilities() -> None:
    """Have no program that this process or one it forks starts gain capabilities again."""
    for capability in range(_LAST_CAPABILITY + 1):
        _libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0)


def drop_capabilities() -> None:
    """Give up what a process may do in the user namespace it has made."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _libc.capset(header, (ctypes.c_uint32 * 6)())


def remove_tree(folder: Path) -> None:
    """Remove a folder, whatever a student's process has made of it."""
    shutil.rmtree(folder, ignore_errors=True)


def _mount_empty(folder: str, options: str, flags: int = 0) -> None:
    result = _libc.mount(b"tmpfs", folder.encode(), b"tmpfs", flags, options.encode())
    _call("mount", result)


def _call(name: str, result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
