"""A warm process that forks one student's process after another.

Importing numpy, pandas and matplotlib takes longer than grading a submission; here it is
done once. For each submission a *keeper* is forked. It enters namespaces of its own, so that
no submission sees another's files or processes; it forks the student's process, and does
what the referee orders: interrupt it, or end it.

Run as ``python -m <package>.zygote SOCKET OPTIONS``: the number of an open socket, and JSON.
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
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from .process import END_JUDGING, Server
from .resources import (
    Limits,
    adopt_orphans,
    close_files,
    drop_capabilities,
    end_orphans,
    end_with_parent,
    enter_namespaces,
    hide_memory,
    memory_in_use,
    remove_tree,
)
from .shell import Shell
from .syscalls import refuse_system_calls
from .wire import Channel, WireError

# What the referee orders a keeper to do.
INTERRUPT, STOP_JUDGING, END = b"i", b"j", b"e"
_SIGNALS = {INTERRUPT: signal.SIGINT, STOP_JUDGING: END_JUDGING, END: signal.SIGKILL}

# An account that owns nothing.
_NOBODY = 65534


def main(arguments: list[str]) -> None:
    """Warm up, then fork a student's process for each pair of sockets that comes in."""
    control = socket.socket(fileno=int(arguments[0]))
    options = json.loads(arguments[1])
    limits = Limits(**options["limits"])
    # Only inside a sandbox are there folders that can be made anew for each submission.
    writable = list(options["writable"]) if options["sandboxed"] else []
    if writable and os.getuid() == 0:
        # No limit on processes binds root.
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _import(options["preload"])
    shell = Shell()
    mapped, held = memory_in_use()
    limits = replace(limits, mapped=mapped, held=held)
    hide_memory()
    # The garbage collector would touch, and so copy, every page in each fork.
    gc.collect()
    gc.freeze()
    control.sendall(b"w")
    while (received := _receive(control)) is not None:
        folder, data, orders = received
        if os.fork() == 0:
            control.close()
            try:
                _keep(data, orders, shell, limits, writable, folder)
            finally:
                os._exit(1)
        os.close(data)
        os.close(orders)
        _reap()


def _reap() -> None:
    """Take note of the keepers that have ended (and of the time they have used)."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _import(names: list[str]) -> None:
    for name in names:
        # What is missing here is missing in the student's notebook too, and said there.
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            __import__(name)
    with suppress(Exception):
        from course_utils.data.mnist import preload_mnist

        preload_mnist()


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


def _keep(
    data: int, orders: int, shell: Shell, limits: Limits, writable: list[str], folder: str
) -> None:
    """Fork the student's process and see it through; never returns to the zygote's loop."""
    end_with_parent()
    if writable:
        enter_namespaces(limits, writable)
    else:
        adopt_orphans()
        os.chdir(folder)
    student = os.fork()
    if student == 0:
        os.close(orders)
        try:
            _become_student(data, shell, limits, writable)
        finally:
            # At once: nothing that the student has left behind is run.
            os._exit(0)
    os.close(data)
    watched = os.pidfd_open(student)
    while watched not in (ready := select.select([watched, orders], [], [])[0]):
        if orders in ready:
            order = os.read(orders, 1) or END
            with suppress(ProcessLookupError):
                os.kill(student, _SIGNALS[order])
    _, status = os.waitpid(student, 0)
    if not writable:
        end_orphans()
        remove_tree(Path(folder))
    code = os.waitstatus_to_exitcode(status)
    with suppress(OSError):
        os.write(orders, code.to_bytes(2, "big", signed=True))
    os._exit(0)


def _become_student(data: int, shell: Shell, limits: Limits, writable: list[str]) -> None:
    end_with_parent()
    hide_memory()
    # What is written past Python's streams goes nowhere.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    close_files(data)
    os.setsid()
    if writable:
        drop_capabilities()
        refuse_system_calls()
    limits.bind()
    folders = writable or [os.getcwd()]
    with suppress(WireError):
        Server(Channel(socket.socket(fileno=data)), shell, limits, folders).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
