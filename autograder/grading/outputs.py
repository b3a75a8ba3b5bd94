"""The outputs of a cell: those that come from a student's process are made safe to keep."""

from __future__ import annotations

import re
from typing import Any

from nbformat import NotebookNode

from autograder.checks.verdict import MIME, Verdict
from autograder.student.display import MAX_ERRORS, OUTPUT_COST

_LONG_LINE = 1000
_LONG_TRACEBACK = 40_000
_SIDE = re.compile(r"^File \S*/student/(process|shell|side)\.py")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def received(outputs: list[Any], limit: int) -> tuple[list[NotebookNode], bool]:
    """Return outputs as nbformat has them, and whether some were left out.

    Whatever a process sends, the result is well formed and at most `limit` bytes and a few
    shortened tracebacks. A verdict is never among it: only the referee makes those.

    Parameters
    ----------
    outputs : list
        What the process sent.
    limit : int
        Bytes of text and pictures.
    """
    kept: list[NotebookNode] = []
    room = limit
    errors = 0
    cut = False
    for item in outputs:
        output = _well_formed(item)
        if output is None:
            cut = True
            continue
        size = OUTPUT_COST + _size(output)
        is_error = output.output_type == "error"
        errors += is_error
        if errors > MAX_ERRORS if is_error else size > room:
            cut = True
            continue
        room -= size
        kept.append(output)
    return kept, cut


def verdict_outputs(verdict: Verdict, *, bonus: bool) -> list[NotebookNode]:
    """Return what a graded check cell shows: the table, and the points for nbgrader to read."""
    table = new_output("display_data", data=verdict._repr_mimebundle_())
    if bonus:
        return [table]
    points = new_output("execute_result", data={"text/plain": repr(float(verdict.points))})
    return [table, points]


def line(text: str) -> NotebookNode:
    """Return an output of one plain line. On stderr nbgrader would take it for a failure."""
    return new_output("stream", name="stdout", text=text)


def error(kind: str, text: str, traceback: list[str] | None = None) -> NotebookNode:
    """Return an error output; without a traceback of its own it is one plain line."""
    shown = [*(traceback or []), f"{kind}: {text}"]
    return new_output("error", ename=kind, evalue=text, traceback=shown)


def where_it_was(outputs: list[NotebookNode]) -> list[str]:
    """Return the lines of a traceback that lie in the student's cells."""
    lines: list[str] = []
    for output in outputs:
        if output.output_type == "error":
            for text in output.traceback:
                if _SIDE.match(_COLOURS.sub("", text)):
                    break
                lines.append(text)
    return lines


def new_output(kind: str, **fields: Any) -> NotebookNode:
    """Return an output. nbformat's own function validates each against its schema, slowly.

    What is inside of its fields stays as it is.
    """
    if kind in ("display_data", "execute_result"):
        fields = {"metadata": {}, **fields}
    if kind == "execute_result":
        fields = {"execution_count": None, **fields}
    parts = {k: NotebookNode(v) if isinstance(v, dict) else v for k, v in fields.items()}
    return NotebookNode(output_type=kind, **parts)


def _well_formed(item: Any) -> NotebookNode | None:
    match item:
        case {"output_type": "stream", "name": str(name), "text": str(text)}:
            name = "stderr" if name == "stderr" else "stdout"
            text = "\n".join(map(_settled, text.split("\n")))
            return new_output("stream", name=name, text=_clean(text))
        case {"output_type": "error", "ename": str(name), "evalue": str(value),
              "traceback": list(lines)}:  # fmt: skip
            text = "\n".join(_clean(text) for text in lines if isinstance(text, str))
            if len(text) > _LONG_TRACEBACK:
                half = _LONG_TRACEBACK // 2
                text = f"{text[:half]}\n...\n{text[-half:]}"
            return new_output("error", ename=_clean(name[:200]), evalue=_clean(value[:2000]),
                              traceback=text.split("\n"))  # fmt: skip
        case {"output_type": "display_data" | "execute_result" as kind, "data": dict(data)}:
            shown = {
                _clean(mime): _clean(part)
                for mime, part in data.items()
                if isinstance(mime, str) and isinstance(part, str) and mime != MIME
            }
            return new_output(kind, data=shown) if shown else None
    return None


def _clean(text: str) -> str:
    """Return text that can be written as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _settled(text: str) -> str:
    """Return a line as it stands at the end, after a progress bar has overwritten it."""
    return text.rstrip("\r").rpartition("\r")[2]


def _size(output: NotebookNode) -> int:
    if output.output_type == "stream":
        return len(output.text)
    if output.output_type == "error":
        return sum(len(text) for text in output.traceback)
    return sum(len(value) for value in output.data.values())
