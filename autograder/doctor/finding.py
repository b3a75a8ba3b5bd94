"""One line of the doctor's report."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "missing", "to do"]
_WIDTH = 98


@dataclass(frozen=True)
class Finding:
    """What was found about one thing.

    Attributes
    ----------
    name : str
        What was looked at.
    state : {"ok", "missing", "to do"}
        "missing" if something is not there, "to do" if it is there and not right.
    seen : str
        What was seen.
    mend : str
        What to do about it; empty where nothing has to be done.
    unsafe : bool
        Whether grading work that is not trusted would be unsafe because of it.
    """

    name: str
    state: State
    seen: str
    mend: str = ""
    unsafe: bool = False


def table(findings: Sequence[Finding]) -> str:
    """Return the findings in aligned lines, each with what to do below it."""
    wide = max(len(finding.name) for finding in findings)
    lines = []
    for finding in findings:
        head = f"{finding.name:<{wide}}  {finding.state:<7}  "
        blank = " " * len(head)
        lines.append(_wrapped(finding.seen, head, blank))
        if finding.mend:
            lines.append(_wrapped(finding.mend, f"{blank}-> ", f"{blank}   "))
    return "\n".join(lines)


def _wrapped(text: str, first: str, rest: str) -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
