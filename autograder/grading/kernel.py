"""One IPython kernel for one submission: run a cell within a time, stop it, start anew."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any, Literal

from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbformat import NotebookNode

from autograder.grading.outputs import Outputs, error

Ended = Literal["done", "stopped", "lost"]

START_SECONDS = 60.0
STOP_SECONDS = 5.0
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Ran:
    """What came of one cell.

    Attributes
    ----------
    outputs : list of NotebookNode
        What the cell showed.
    ended : str
        "done" (also with an error); "stopped" when it ran too long; "lost" when the kernel
        died or did not react to an interrupt, and cannot be used any more.
    cut : bool
        Whether some output was left out.
    """

    outputs: list[NotebookNode]
    ended: Ended
    cut: bool = False


class ThisPython(KernelSpecManager):  # type: ignore[misc]
    """Knows one kernel: the Python that grades, whatever a machine has installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return how to start it."""
        launch = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(
            argv=[*launch, "--HistoryManager.hist_file=:memory:"],
            display_name="Python 3",
            language="python",
            name="python3",
        )


class Kernel:
    """A kernel in a folder of its own.

    Parameters
    ----------
    folder : Path
        An existing empty folder. Each start gets a fresh working directory in it: what a
        process that died has written there (a `numpy.py`, say) cannot harm the next.
    environment : mapping
        The environment variables of its process.
    files : sequence of (str, bytes)
        What lies in its working directory.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        files: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        self.folder = folder
        self.files = files
        self.environment = environment
        self._starts = 0
        self._manager: Any = None
        self._client: Any = None

    @property
    def running(self) -> bool:
        """Whether there is a kernel to talk to."""
        return self._manager is not None

    def start(self) -> None:
        """Start a fresh process; an old one is ended first."""
        self.close()
        self._starts += 1
        options: dict[str, Any] = {}
        if sys.platform != "win32":
            # Sockets in our own folder: graders side by side cannot take each other's ports.
            options = {"transport": "ipc", "ip": str(self.folder / f"k{self._starts}")}
        home = self.folder / f"home-{self._starts}"
        places = {"IPYTHONDIR": home / "ipython", "TMPDIR": home / "tmp"}
        for place in [home / "work", *places.values()]:
            place.mkdir(parents=True)
        for name, content in self.files:
            path = home / "work" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        environment = {**self.environment, **{name: str(path) for name, path in places.items()}}
        self._manager = KernelManager(
            kernel_spec_manager=ThisPython(),
            connection_file=str(self.folder / f"kernel-{self._starts}.json"),
            **options,
        )
        self._manager.start_kernel(cwd=str(home / "work"), env=environment)
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=START_SECONDS)

    def run(self, source: str, seconds: float) -> Ran:
        """Run one cell for at most `seconds`, then interrupt it."""
        outputs = Outputs()
        asked = self._client.execute(source, allow_stdin=False, stop_on_error=False)
        limit = time.monotonic() + seconds
        interrupts = 0
        while True:
            try:
                message = self._client.get_iopub_msg(timeout=_POLL_SECONDS)
            except Empty:
                if not self._manager.is_alive():
                    return self._lost(outputs)
            else:
                if message["parent_header"].get("msg_id") == asked:
                    if _is_idle(message):
                        break
                    outputs.add(message)
            late = time.monotonic() - limit
            if late > STOP_SECONDS:
                return self._lost(outputs)
            if late > interrupts:
                # Once a second: code may catch the first KeyboardInterrupt and go on.
                self._manager.interrupt_kernel()
                interrupts += 1
        shown = outputs.finish()
        reply = self._reply(asked)
        if reply.get("status") == "error" and not any(o.output_type == "error" for o in shown):
            shown.append(error(reply.get("ename", "Error"), reply.get("evalue", "")))
        return Ran(shown, "stopped" if interrupts else "done", outputs.cut)

    def close(self) -> None:
        """End the process and what it started."""
        if self._manager is None:
            return
        manager, client, self._manager, self._client = self._manager, self._client, None, None
        group = getattr(manager.provisioner, "pgid", None) if manager.has_kernel else None
        with suppress(Exception):
            client.stop_channels()
        with suppress(Exception):
            manager.shutdown_kernel(now=True)
        if group and group != os.getpgrp():
            with suppress(OSError):
                os.killpg(group, signal.SIGKILL)

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lost(self, outputs: Outputs) -> Ran:
        self.close()
        return Ran(outputs.finish(), "lost", outputs.cut)

    def _reply(self, asked: str) -> dict[str, Any]:
        limit = time.monotonic() + STOP_SECONDS
        while time.monotonic() < limit:
            try:
                message = self._client.get_shell_msg(timeout=_POLL_SECONDS)
            except Empty:
                if not self._manager.is_alive():
                    break
                continue
            if message["parent_header"].get("msg_id") == asked:
                content: dict[str, Any] = message["content"]
                return content
        return {}


def _is_idle(message: dict[str, Any]) -> bool:
    return bool(message["msg_type"] == "status" and message["content"]["execution_state"] == "idle")
