"""A cell as text and as a tree, and the way from a node to the text it was read from."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass

_Positioned = ast.expr | ast.stmt | ast.keyword


@dataclass(frozen=True)
class Edit:
    """Replace the characters from `start` up to `end` by `new`."""

    start: int
    end: int
    new: str

    def apply(self, text: str) -> str:
        """Return the text with the change in it."""
        return text[: self.start] + self.new + text[self.end :]


class Text:
    """A cell of valid Python.

    Parameters
    ----------
    text : str
        What stands in the cell.

    Attributes
    ----------
    tree : ast.Module
        What it says.
    bare : str
        The text with its comments blanked out: every place is where it was.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self._lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self.bare = without_comments(text)

    def span(self, node: _Positioned) -> tuple[int, int]:
        """Return where a node starts and ends, in characters."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._place(node.lineno, node.col_offset),
            self._place(node.end_lineno, node.end_col_offset),
        )

    def of(self, node: _Positioned) -> str:
        """Return the text of a node, without brackets around it."""
        start, end = self.span(node)
        return self.text[start:end]

    def replace(self, node: _Positioned, new: str) -> Edit:
        """Return the change that puts `new` in the place of a node."""
        return Edit(*self.span(node), new)

    def between(self, left: _Positioned, right: _Positioned, symbol: str) -> tuple[int, int]:
        """Return where the first `symbol` between two nodes starts and ends."""
        start = self.bare.index(symbol, self.span(left)[1], self.span(right)[0])
        return start, start + len(symbol)

    def without_argument(self, call: ast.Call, argument: ast.expr | ast.keyword) -> Edit:
        """Return the change that takes an argument out of a call, with its comma."""
        start, end = self.span(argument)
        comma = self.bare.rfind(",", self.span(call.func)[1], start)
        if comma >= 0:
            return Edit(comma, end, "")
        after = re.compile(r"\s*,\s*").match(self.bare, end)
        return Edit(start, after.end() if after else end, "")

    def lines_of(self, edit: Edit) -> tuple[int, int]:
        """Return the first and the last line that a change touches, counted from 1."""
        first = self.text.count("\n", 0, edit.start) + 1
        return first, first + self.text.count("\n", edit.start, edit.end)

    def _place(self, line: int, column: int) -> int:
        """Turn a line and a column in UTF-8 bytes into a place in the text."""
        before = self._lines[line - 1].encode()[:column]
        return self._starts[line - 1] + len(before.decode())


def without_comments(text: str) -> str:
    """Return valid Python with each comment blanked out, so that code alone is left.

    >>> without_comments("a = '#'  # a sign")
    "a = '#'          "
    """
    lines = text.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            line = lines[row - 1]
            lines[row - 1] = line[:column] + " " * len(token.string) + line[token.end[1] :]
    return "\n".join(lines)
