"""What one cell shows, kept as nbformat outputs within a bound."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

Output = dict[str, Any]

_LONG_TRACEBACK = 20_000
# What an output costs beside its text: a million empty ones are too much too.
OUTPUT_COST = 50
# So many tracebacks of one cell are kept, whatever else it shows.
MAX_ERRORS = 20


class Outputs:
    """The outputs of one cell.

    Parameters
    ----------
    limit : int
        How many bytes of text and pictures it may show.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self.cut = False
        self.items: list[Output] = []
        self._displayed: dict[str, Output] = {}
        self._clear_next = False

    def stream(self, name: str, text: str) -> None:
        """Add printed text; text of one stream in a row is one output."""
        self._clear_if_told()
        last = self.items[-1] if self.items else None
        goes_on = last is not None and last["output_type"] == "stream" and last["name"] == name
        cost = 0 if goes_on else OUTPUT_COST
        text = text[: max(0, self._room(len(text) + cost) - cost)]
        if not text:
            return
        if last is not None and goes_on:
            last["text"].append(text)
        else:
            self.items.append({"output_type": "stream", "name": name, "text": [text]})

    def rich(
        self, kind: str, data: dict[str, Any], display_id: str | None = None, **more: Any
    ) -> None:
        """Add something displayed, whole or not at all."""
        self._clear_if_told()
        bundle = _bundle(data)
        cost = OUTPUT_COST + _size(bundle)
        if self._room(cost) < cost:
            return
        output = {"output_type": kind, "data": bundle, "metadata": {}, **more}
        self.items.append(output)
        if display_id:
            self._displayed[display_id] = output

    def update(self, data: dict[str, Any], display_id: str | None) -> None:
        """Replace what was displayed under an id."""
        output = self._displayed.get(display_id or "")
        if output is not None:
            bundle = _bundle(data)
            self.used -= _size(output["data"])
            output["data"] = bundle if self._room(_size(bundle)) == _size(bundle) else {}

    def error(self, name: str, value: str, lines: list[str]) -> None:
        """Add a traceback, shortened if it is long: there is always room for its end."""
        self._clear_if_told()
        if sum(item["output_type"] == "error" for item in self.items) >= MAX_ERRORS:
            self.cut = True
            return
        text = "\n".join(lines)
        if len(text) > _LONG_TRACEBACK:
            half = _LONG_TRACEBACK // 2
            text = f"{text[:half]}\n...\n{text[-half:]}"
        self._room(OUTPUT_COST)
        self.items.append(
            {
                "output_type": "error",
                "ename": name[:200],
                "evalue": value[:2000],
                "traceback": text.split("\n"),
            }
        )

    def clear(self, wait: bool) -> None:
        """Forget what was shown, now or when the next thing comes."""
        self._clear_next = wait
        if not wait:
            self.items.clear()

    def finished(self) -> list[Output]:
        """Return the outputs in nbformat's form."""
        for item in self.items:
            if item["output_type"] == "stream" and isinstance(item["text"], list):
                item["text"] = "".join(item["text"])
        return self.items

    def _room(self, size: int) -> int:
        granted = max(0, min(size, self.limit - self.used))
        self.used += granted
        self.cut = self.cut or granted < size
        return granted

    def _clear_if_told(self) -> None:
        if self._clear_next:
            self.items.clear()
            self._clear_next = False


class Stream(io.TextIOBase):
    """stdout or stderr of a cell: each write goes to `keep`."""

    encoding = "utf-8"

    def __init__(self, keep: Callable[[str], None]) -> None:
        self._keep = keep

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Keep the text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._keep(text)
        return len(text)


def _bundle(data: dict[str, Any]) -> dict[str, Any]:
    """Return what can be shown: text, and pictures as base64."""
    return {
        str(mime): base64.b64encode(part).decode("ascii")
        if isinstance(part, bytes)
        else str.__str__(part)
        for mime, part in data.items()
        if isinstance(part, (str, bytes))
    }


def _size(bundle: dict[str, Any]) -> int:
    return sum(len(part) for part in bundle.values())
