"""The outputs of one cell, collected from a kernel's messages within a bound."""

from __future__ import annotations

import re
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output, output_from_msg

from autograder.checks.verdict import MIME

MAX_OUTPUT = 2**20
_CELL_FILE = re.compile(r"\S*[/\\]ipykernel_\d+[/\\]\d+\.py")
_LONG_LINE = 1000
_SHOWN = ("stream", "display_data", "execute_result", "error")


class Outputs:
    """Collects what a cell shows, at most `limit` bytes of it.

    A verdict, a result and an error are always kept: the score is read from them, and no
    amount of printing may push them out.
    """

    def __init__(self, limit: int = MAX_OUTPUT) -> None:
        self.room = limit
        self.cut = False
        self._kept: list[NotebookNode] = []
        self._shown: dict[str, NotebookNode] = {}
        self._clear_next = False

    def add(self, message: dict[str, Any]) -> None:
        """Take in one message of the kernel's output channel."""
        kind, content = message["msg_type"], message["content"]
        if kind == "clear_output":
            self._clear_next = bool(content.get("wait"))
            if not self._clear_next:
                self._kept.clear()
        elif kind == "update_display_data":
            self._update(content)
        elif kind in _SHOWN:
            if self._clear_next:
                self._kept.clear()
                self._clear_next = False
            self._append(output_from_msg(message), _display_id(content))

    def finish(self) -> list[NotebookNode]:
        """Return the outputs, lines that were overwritten (progress bars) left out."""
        for output in self._kept:
            if output.output_type == "stream":
                output.text = "\n".join(map(_settled, output.text.split("\n")))
        if self.cut:
            self._kept.append(line("[The rest of this cell's output was cut.]\n"))
        return self._kept

    def _append(self, output: NotebookNode, display_id: str | None) -> None:
        size = _size(output)
        if size > self.room:
            self.cut = True
            if output.output_type == "stream":
                output.text, size = output.text[: self.room], self.room
                if not output.text:
                    return
            elif output.output_type == "display_data" and MIME not in output.data:
                return
        self.room = max(0, self.room - size)
        last = self._kept[-1] if self._kept else None
        if output.output_type == "stream" and last and last.get("name") == output.name:
            last.text += output.text
            return
        self._kept.append(output)
        if display_id:
            self._shown[display_id] = output

    def _update(self, content: dict[str, Any]) -> None:
        output = self._shown.get(_display_id(content) or "")
        if output is None:
            return
        fresh = NotebookNode(output_type="display_data", data=content.get("data", {}))
        # What it takes the place of gives its room back.
        if _size(fresh) > self.room + _size(output):
            self.cut = True
            return
        self.room += _size(output) - _size(fresh)
        output.data = fresh.data


def line(text: str) -> NotebookNode:
    """Return an output of one plain line. On stderr nbgrader would take it for a failure."""
    return new_output("stream", name="stdout", text=text)


def error(kind: str, text: str, traceback: list[str] | None = None) -> NotebookNode:
    """Return an error output; without a traceback of its own it is one plain line."""
    shown = [*(traceback or []), f"{kind}: {text}"]
    return new_output("error", ename=kind, evalue=text, traceback=shown)


def _settled(text: str) -> str:
    """Return a line as it stands at the end, and the same on every run."""
    text = text.rstrip("\r").rpartition("\r")[2]
    # IPython keeps cells in files with the number of the process in their names.
    short = len(text) < _LONG_LINE and "ipykernel_" in text
    return _CELL_FILE.sub("<cell>", text) if short else text


def _display_id(content: dict[str, Any]) -> str | None:
    found = (content.get("transient") or {}).get("display_id")
    return found if isinstance(found, str) else None


def _size(output: NotebookNode) -> int:
    if output.output_type == "stream":
        return len(output.text)
    if output.output_type == "error":
        return sum(len(text) for text in output.traceback)
    return sum(len(str(value)) for value in output.data.values())
