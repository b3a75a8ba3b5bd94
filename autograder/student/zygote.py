"""A warm process that forks one student's process after another.

Importing numpy, pandas and matplotlib takes longer than grading a submission; here it is
done once. Then a zygote is forked for each worker that connects. Each student's process is
forked into namespaces of its own, so that no submission sees another's files or processes.
Interrupting and ending it is the zygote's work too.

Run as ``python -m <package>.zygote DOOR LIFE``: the numbers of two open sockets. Workers connect
to the first. On the second comes a byte when the options are there, as JSON on stdin; its other
end is closed when nobody is there any more.
"""

from __future__ import annotations

import array
import gc
import json
import os
import select
import signal
import socket
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from .keeper import Keeper
from .others import LOADAVG, Others
from .process import Server
from .resources import (
    Limits,
    adopt_orphans,
    close_files,
    drop_capabilities,
    end_first_when_memory_is_short,
    end_orphans,
    end_with_parent,
    enter_namespaces,
    enter_user_namespace,
    fork_first,
    gain_no_capabilities,
    hide_memory,
    memory_in_use,
    processes_of_account,
    remove_tree,
    use_large_pages,
)
from .shell import Shell
from .syscalls import SystemCallFilter
from .visible import compiled
from .wire import Channel, WireError

# What the notebooks of any lab import.
_USUAL = ("numpy", "pandas", "matplotlib.pyplot", "course_utils", "tqdm.auto")
# An account that owns nothing.
_NOBODY = 65534


def main(arguments: list[str]) -> None:
    """Warm up, then fork a zygote for each connection."""
    door, life = (socket.socket(fileno=int(number)) for number in arguments)
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _import(_USUAL)
    if not life.recv(1):
        return
    options = json.load(sys.stdin)
    limits = Limits(**options["limits"])
    writable = list(options["writable"])
    _import(options["modules"])
    with suppress(Exception):
        from course_utils.data.mnist import preload_mnist

        preload_mnist()
    shell = Shell(options["cells"])
    for source in options["asserts"]:
        with suppress(SyntaxError, ValueError):  # it is said where they are run
            compiled(source)
    # The garbage collector would touch, and so copy, every page in each fork.
    gc.collect()
    gc.freeze()
    use_large_pages()
    mapped, held = memory_in_use()
    limits = replace(limits, mapped=mapped, held=held)
    hide_memory()
    while life not in select.select([door, life], [], [])[0]:
        control = door.accept()[0]
        _reap()
        if os.fork() == 0:
            try:
                door.close()
                life.close()
                _be_a_zygote(control, shell, limits, writable)
            finally:
                os._exit(0)
        control.close()


def _be_a_zygote(control: socket.socket, shell: Shell, limits: Limits, writable: list[str]) -> None:
    """Fork a student's process for each pair of sockets that comes in."""
    processors = json.loads(control.recv(1 << 16) or "[]")
    if processors:
        with suppress(OSError):  # then it uses them all
            os.sched_setaffinity(0, processors)
    if writable:
        _move_in(control)
    end_with_parent()
    zygote = Zygote(shell, limits, writable)
    hide_memory()
    control.sendall(b"w")
    zygote.serve(control)


def _move_in(control: socket.socket) -> None:
    """Go on as nobody, in a namespace of users of its own; the process from before waits."""
    if os.getuid() == 0:
        # No limit on processes binds root.
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
    end_with_parent()
    enter_user_namespace()
    inside = os.fork()
    if inside:
        control.close()
        _, status = os.waitpid(inside, 0)
        os._exit(1 if status else 0)
    end_first_when_memory_is_short()


def _import(names: Sequence[str]) -> None:
    for name in names:
        # What is missing here is missing in the student's notebook too, and said there.
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            __import__(name)


def _receive(control: socket.socket) -> tuple[str, int, int] | None:
    """Return a working folder and two sockets; None when the referee has gone."""
    try:
        message, ancillary, _, _ = control.recvmsg(4096, socket.CMSG_SPACE(8))
    except OSError:
        return None
    if not message:
        return None
    descriptors = array.array("i")
    for _level, _kind, content in ancillary:
        descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
    return message.decode(), descriptors[0], descriptors[1]


class Zygote:
    """Forks students' processes, and keeps them.

    Parameters
    ----------
    shell : Shell
        What each of them gets a copy of.
    limits : Limits
        What each of them may use.
    writable : list of str
        The folders that are new for each of them. Without any there is no sandbox: then each
        of them gets a keeper of its own, which ends what it leaves running.
    """

    def __init__(self, shell: Shell, limits: Limits, writable: list[str]) -> None:
        self._shell = shell
        self._limits = limits
        self._writable = writable
        self._keeper = Keeper()
        if writable:
            gain_no_capabilities()
            self._filter = SystemCallFilter()
            self._own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
            self._loadavg = os.open(LOADAVG, os.O_RDONLY | os.O_CLOEXEC)

    def serve(self, control: socket.socket) -> None:
        """Fork what is asked for and keep it, until the referee has gone."""
        while True:
            watched = [control.fileno(), *self._keeper.descriptors()]
            ready = select.select(watched, [], [])[0]
            self._keeper.handle(ready)
            if control.fileno() not in ready:
                continue
            received = _receive(control)
            if received is None:
                return
            folder, data, orders = received
            if self._writable:
                self._start(data, orders)
            else:
                self._start_with_keeper(control, folder, data, orders)
            os.close(data)

    def _start(self, data: int, orders: int) -> None:
        """Fork the first process of a namespace, and keep it."""
        student = fork_first(self._own)
        if student == 0:
            try:
                end_with_parent()
                enter_namespaces(self._limits, self._writable, beside=len(self._keeper) > 0)
                self._become_student(data, self._loadavg)
            finally:
                # At once: nothing that the student has left behind is run.
                os._exit(0)
        self._keeper.add(student, orders)

    def _start_with_keeper(
        self, control: socket.socket, folder: str, data: int, orders: int
    ) -> None:
        """Fork a keeper that forks the student's process and sees it through."""
        _reap()
        if os.fork() == 0:
            try:
                control.close()
                end_with_parent()
                adopt_orphans()
                os.chdir(folder)
                _keep_one(self._forked_beside(data), data, orders, folder)
            finally:
                os._exit(0)
        os.close(orders)

    def _forked_beside(self, data: int) -> int:
        student = os.fork()
        if student == 0:
            try:
                end_with_parent()
                self._become_student(data)
            finally:
                os._exit(0)
        return student

    def _become_student(self, data: int, *kept: int) -> None:
        hide_memory()
        # What is written past Python's streams goes nowhere.
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        close_files(data, *kept)
        os.setsid()
        limits = self._limits
        if self._writable:
            drop_capabilities()
            self._filter.install()
        else:
            # This account has other processes, and the kernel counts them all together.
            others = processes_of_account()
            limits = replace(limits, processes=-1 if others is None else others + limits.processes)
        limits.bind()
        with suppress(WireError):
            channel = Channel(socket.socket(fileno=data))
            Server(channel, self._shell, limits, Others(*kept)).serve()


def _keep_one(student: int, data: int, orders: int, folder: str) -> None:
    os.close(data)

    def clean_up() -> None:
        end_orphans()
        remove_tree(Path(folder))

    keeper = Keeper(clean_up)
    keeper.add(student, orders)
    while keeper:
        keeper.handle(select.select(keeper.descriptors(), [], [])[0])


def _reap() -> None:
    """Take note of the keepers that have ended (and of the time they have used)."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


if __name__ == "__main__":
    main(sys.argv[1:])
