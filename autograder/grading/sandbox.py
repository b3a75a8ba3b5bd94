"""Where students' processes run: inside bubblewrap, or beside us where there is none.

A `Sandbox` holds one warm zygote (`autograder.student.zygote`) and forks a process of it for
each submission.
"""

from __future__ import annotations

import array
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Literal

from autograder.errors import GradlabError
from autograder.grading.bubblewrap import HOME, bubblewrap
from autograder.grading.nursery import Nursery, connect
from autograder.grading.ready import Ready
from autograder.grading.student_process import StudentGone, StudentProcess

Kind = Literal["auto", "bwrap", "none"]


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
    ready : Ready
        What each student's process has ready, and may use.
    hidden : tuple of Path
        Folders that are not shown, should they lie in one that is.
    address : str
        Of a nursery to have the zygote from. Without one, or when that has gone, the sandbox
        has one of its own.
    """

    def __init__(
        self,
        kind: Literal["bwrap", "none"],
        ready: Ready = Ready(),  # noqa: B008 (it is frozen)
        hidden: tuple[Path, ...] = (),
        address: str = "",
    ) -> None:
        self.kind = kind
        self.ready = ready
        self.hidden = hidden
        self._address = address
        self._nursery: Nursery | None = None
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
                self._control = self._connected()
            with suppress(OSError, StudentGone):
                return self._forked(self._control)
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
        if self._nursery is not None:
            self._nursery.close()
        self._control = self._nursery = None

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connected(self) -> socket.socket:
        if self._address:
            with suppress(GradlabError):
                return connect(self._address)
            self._address = ""
        self._nursery = Nursery(self.kind, self.hidden)
        self._nursery.prepare(self.ready)
        try:
            return connect(self._nursery.address)
        except GradlabError as error:
            said = self._nursery.close()
            self._nursery = None
            raise GradlabError(
                error.what, found=said[-2000:] or error.found, mend=error.mend
            ) from None

    def _forked(self, control: socket.socket) -> StudentProcess:
        folder = HOME if self.kind == "bwrap" else tempfile.mkdtemp(dir=self._home.name)
        data, their_data = socket.socketpair()
        orders, their_orders = socket.socketpair()
        with their_data, their_orders:
            sent = array.array("i", [their_data.fileno(), their_orders.fileno()])
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, sent.tobytes())]
            try:
                control.sendmsg([folder.encode()], ancillary)
            except OSError:
                data.close()
                orders.close()
                raise
        return StudentProcess(data, orders)
