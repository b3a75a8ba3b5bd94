"""What a cell header may say: its tag, and the options that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from nbformat import ValidationError

from autograder.authoring.cells import MARKDOWN, Kind, SourceError, source_error

# What may stand in the header of each kind of cell, besides its tag.
OPTIONS: dict[Kind, tuple[str, ...]] = {
    "text": ("name",),
    "given": ("name",),
    "exercise": ("name",),
    "check": ("name", "points", "bonus"),
    "explore": ("name",),
    "answer": ("name", "points"),
}
TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "name": ((str,), 'name="stable_softmax"'),
    "points": ((int, float), "points=3"),
    "bonus": ((bool,), "bonus=true"),
}
EXAMPLE = '# %% tags=["exercise"] name="stable_softmax"'


@dataclass(frozen=True)
class Block:
    """The lines under one header, without blank lines around them."""

    line: int
    first: int
    header: str
    body: list[str]


def kind_of(path: Path, block: Block, cell_type: str, tags: Any, options: dict[str, Any]) -> Kind:
    """Return what kind of cell a header declares, or raise the error that names its line."""
    markdown = cell_type == "markdown"
    if "cell_marker" in options or cell_type not in ("code", "markdown"):
        raise source_error(
            path,
            block.line,
            "a cell that is neither code nor commented text",
            expected="Python, or under '# %% [markdown]' lines that start with '# '",
            found=repr(block.body[0] if "cell_marker" in options else block.header),
            mend="write the text as comment lines",
        )
    known = [kind for kind in OPTIONS if kind != "text" and (kind in MARKDOWN) == markdown]
    if tags is None and markdown:
        return "text"
    if not (isinstance(tags, list) and len(tags) == 1 and tags[0] in known):
        found = "no tag" if tags is None else repr(tags)
        raise source_error(
            path,
            block.line,
            "a cell without a known tag" if tags is None else f"unknown tag {tags!r}",
            expected="one of " + ", ".join(f'tags=["{kind}"]' for kind in known)
            + (", or no tag" if markdown else ""),
            found=f"{found} in {block.header!r}",
            mend="say what the cell is"
            + ("" if markdown else "; text goes under '# %% [markdown]'"),
        )  # fmt: skip
    return cast(Kind, tags[0])


def check_options(path: Path, block: Block, kind: Kind, options: dict[str, Any]) -> None:
    """Refuse a header option that its kind of cell does not have, or of the wrong type."""
    allowed = OPTIONS[kind]
    forms = "a header with tags and " + ", ".join(TYPES[name][1] for name in allowed)
    for name, value in options.items():
        if name in ("title", "cell_depth", "region_name"):
            what = "free text in a cell header"
        elif name not in allowed:
            what = f"unknown header option {name!r} for a cell of kind {kind!r}"
        elif not _has_type(name, value):
            what = f"header option {name!r} has the wrong type"
        else:
            continue
        raise source_error(
            path,
            block.line,
            what,
            expected=forms,
            found=repr(block.header),
            mend=f"write it like\n  {EXAMPLE}\nor remove it",
        )


def bad_header(
    path: Path, block: Block, what: str, error: ValidationError | None = None
) -> SourceError:
    """Return the error for a header that is not written as it should be."""
    said = f" ({error.message})" if error else ""
    return source_error(
        path,
        block.line,
        what,
        expected="'# %%', then a space; then for code its tag and options",
        found=repr(block.header) + said,
        mend="write it like\n  " + EXAMPLE,
    )


def _has_type(option: str, value: object) -> bool:
    # For Python True is a whole number; for points it is a mistake.
    return isinstance(value, TYPES[option][0]) and (
        option == "bonus" or not isinstance(value, bool)
    )
