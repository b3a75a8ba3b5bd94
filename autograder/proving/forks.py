"""Children of the process that holds a notebook, one for each task."""

from __future__ import annotations

import json
import math
import os
import selectors
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from autograder.proving.notebook import PATIENCE, Notebook
from autograder.proving.task import Result, Task

# A process that neither answers nor hears its alarm is stopped this long after its limits.
GRACE = 3.0
HUNG = "it hung and did not hear its alarm"


@dataclass
class _Child:
    task: Task
    pid: int
    deadline: float
    answer: bytes = b""


class Forks:
    """Children that each perform one task, as many at a time as there are slots.

    Parameters
    ----------
    notebook : Notebook
        A child gets it in the state it has when the child is started.
    tell : callable
        Called with each result, in the order they come.
    slots : int
        How many children run at a time.
    """

    def __init__(self, notebook: Notebook, tell: Callable[[Result], object], slots: int) -> None:
        self.notebook = notebook
        self.tell = tell
        self.slots = slots
        self.selector = selectors.DefaultSelector()

    def start(self, task: Task) -> None:
        """Fork a child for the task, once there is a slot for it."""
        self.wait(self.slots - 1)
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            _be_a_child(self.notebook, task, writer)
        os.close(writer)
        deadline = time.monotonic() + PATIENCE * self.notebook.seconds_for(task) + GRACE
        self.selector.register(reader, selectors.EVENT_READ, _Child(task, pid, deadline))

    def wait(self, most: int) -> None:
        """Wait until at most `most` children are left, and pass on what the others say."""
        while len(self.selector.get_map()) > most:
            for key, _ in self.selector.select(timeout=0.2):
                child: _Child = key.data
                part = os.read(key.fd, 1 << 16)
                child.answer += part
                if not part:
                    self._end(key.fd, child)
            for key in list(self.selector.get_map().values()):
                if time.monotonic() > key.data.deadline:
                    os.kill(key.data.pid, signal.SIGKILL)
                    self._end(key.fd, key.data, HUNG)

    def _end(self, reader: int, child: _Child, crash: str = "") -> None:
        self.selector.unregister(reader)
        os.close(reader)
        code = os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])
        try:
            result = Result.from_json(json.loads(child.answer))
        except ValueError:
            result = Result(child.task.name, crash=crash or _death(code))
        self.tell(result)


def _be_a_child(notebook: Notebook, task: Task, writer: int) -> None:
    """Perform the task, write the result, and end without touching what the parent holds."""
    code = 1
    try:
        # Not every system that can import this module has it.
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        work = math.ceil(notebook.seconds_for(task) + GRACE)
        resource.setrlimit(resource.RLIMIT_CPU, (work, resource.RLIM_INFINITY))
        if task.hunted:
            # A change of one sign can make a loop that fills the memory.
            most = 2 * notebook.settings.memory_mib * 2**20
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        answer = json.dumps(notebook.perform(task).to_json()).encode()
        while answer:
            answer = answer[os.write(writer, answer) :]
        code = 0
    finally:
        os._exit(code)


def _death(code: int) -> str:
    if code == -signal.SIGXCPU:
        return HUNG
    if code < 0:
        return f"its process was ended by {signal.Signals(-code).name}"
    return f"it ended its process with exit code {code}"
