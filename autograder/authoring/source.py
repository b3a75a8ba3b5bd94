"""Read a lab's source: a py:percent file, cell by cell, with the line each cell stands on.

jupytext does the reading. It gives no line numbers, so the headers are found here as well, and
a file that the two readings disagree on is refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jupytext
from nbformat import ValidationError

from autograder.authoring.cells import MARKDOWN, SourceCell, SourceError, source_error
from autograder.authoring.headers import EXAMPLE, Block, bad_header, check_options, kind_of

__all__ = ["SourceCell", "SourceError", "read_source"]

_HEADER = re.compile(r"#\s*%%")
_FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
# What jupytext notes about blank lines and titles in brackets; no part of a notebook.
_LAYOUT = {"lines_to_next_cell", "lines_to_end_of_cell_marker"}


def read_source(path: Path) -> list[SourceCell]:
    """Read a lab's source.

    Parameters
    ----------
    path : Path
        A py:percent file.

    Returns
    -------
    list of SourceCell
        In the order of the file.

    Raises
    ------
    SourceError
        If the file is missing or not UTF-8, a header has an unknown tag or option, or jupytext
        reads the file otherwise than its headers say.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SourceError(f"{path} is missing", mend="write it, or correct the name") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise source_error(
            path, line, "not UTF-8 text", found=str(error), mend="save the file as UTF-8"
        ) from None
    blocks = _blocks(path, text.splitlines())
    cells = _cells(path, text, blocks)
    read = [_cell(path, block, cell) for block, cell in zip(blocks, cells, strict=False)]
    # A header that only one of the two readings sees has split a cell, which `_cell` refuses.
    assert len(blocks) == len(cells), f"{path}: {len(blocks)} headers, {len(cells)} cells"
    return read


def _blocks(path: Path, lines: list[str]) -> list[Block]:
    starts = [i for i, line in enumerate(lines) if _HEADER.match(line)]
    before = starts[0] if starts else len(lines)
    stray = next((i for i in range(before) if lines[i].strip()), None)
    if stray is not None or not starts:
        line = 1 if stray is None else stray + 1
        raise source_error(
            path,
            line,
            "the first cell has no header",
            expected="'# %% [markdown]' or a header like\n  " + EXAMPLE,
            found=repr(lines[stray]) if stray is not None else "no cell at all",
            mend="start the file with a cell header",
        )
    blocks = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        first, last = start + 1, end
        while first < last and not lines[first].strip():
            first += 1
        while last > first and not lines[last - 1].strip():
            last -= 1
        blocks.append(Block(start + 1, first + 1, lines[start], lines[first:last]))
        if not re.match(r"# %%( |$)", lines[start]):
            raise bad_header(path, blocks[-1], "a cell header that cannot be read")
    return blocks


def _cells(path: Path, text: str, blocks: list[Block]) -> list[Any]:
    """Return jupytext's cells; a header that makes no notebook cell is named by its line."""
    try:
        return list(jupytext.reads(text, fmt=_FORMAT).cells)
    except ValidationError:
        for block in blocks:
            try:
                jupytext.reads(block.header + "\n", fmt=_FORMAT)
            except ValidationError as error:
                raise bad_header(path, block, "a cell header of wrong types", error) from None
        raise


def _cell(path: Path, block: Block, cell: Any) -> SourceCell:
    """Make a cell of what jupytext read, after comparing it with the lines of the file."""
    options = {key: value for key, value in cell.metadata.items() if key not in _LAYOUT}
    if "incorrectly_encoded_metadata" in options:
        raise bad_header(path, block, "a cell header that cannot be read")
    kind = kind_of(path, block, cell.cell_type, options.pop("tags", None), options)
    check_options(path, block, kind, options)
    body = _uncomment(path, block) if kind in MARKDOWN else block.body
    source = "\n".join(body).rstrip()
    if source != re.sub(r"\A(\s*\n)+", "", cell.source).rstrip():
        raise source_error(
            path,
            block.line,
            "jupytext reads this cell otherwise than it stands in the file",
            expected=repr(source),
            found=repr(cell.source),
            mend="indent a '# %%' that stands inside a string",
        )
    return SourceCell(
        kind,
        options.get("name"),
        source,
        block.line,
        float(options.get("points", 0)),
        options.get("bonus", False),
        block.first,
    )


def _uncomment(path: Path, block: Block) -> list[str]:
    lines = []
    for number, line in enumerate(block.body, start=block.first):
        if line.strip() in ("", "#"):
            lines.append("")
        elif line.startswith("# "):
            lines.append(line[2:])
        else:
            raise source_error(
                path,
                number,
                "a text line that is no comment",
                expected="'# ' before every line of a [markdown] cell",
                found=repr(line),
                mend="put '# ' before it, or start a code cell above it",
            )
    return lines
