"""Which cells IPython would run as they are.

IPython looks in each cell for its own additions to Python, such as `%timeit` and `!ls`, token
by token. That takes several times as long as to compile the cell; most have none of them.
"""

from __future__ import annotations

import re
from typing import Any

# Whatever may mean something to IPython, and more: a cell with any of it is left to IPython.
_MAYBE_MORE = re.compile(
    r"""
    \A\s                                    # empty lines or an indent at the beginning
    | ^[ \t]+$                              # lines of blanks, which it empties
    | [\r\v\f\x1c-\x1e\x85\u2028\u2029]     # other ends of lines
    | ^\s*[!%,;/]                           # a line that begins with an escape
    | =\s*%                                 # a magic's value is assigned
    | !(?!=)                                # a shell command, or its output is assigned
    | \?                                    # help
    | ^\s*(>>>|\.\.\.|In\b|\[nav\]|\[ins\]) # prompts that were copied with the code
    """,
    re.VERBOSE | re.MULTILINE,
)
_MAYBE_AWAIT = re.compile(r"\b(await|async)\b")


def transformers_of(shell: Any) -> dict[str, tuple[object, ...]]:
    """Return all that changes a cell's text before it is compiled, by IPython's names."""
    manager = shell.input_transformer_manager
    return {
        "input_transformers_post": (*shell.input_transformers_post,),
        "cleanup_transforms": (*manager.cleanup_transforms,),
        "line_transforms": (*manager.line_transforms,),
        "token_transformers": (*manager.token_transformers,),
    }


def is_plain(source: str) -> bool:
    """Return whether IPython's transformers would leave a cell as it is; False when in doubt.

    A cell of one line is never plain: what it means to IPython depends on the namespace.
    """
    return "\n" in source.rstrip("\n") and not _MAYBE_MORE.search(source)


def plain_text(source: str) -> str:
    """Return a plain cell as IPython compiles it: with an end to its last line."""
    return source if source.endswith("\n") else f"{source}\n"


def may_await(source: str) -> bool:
    """Return whether a cell may await something outside of a function."""
    return bool(_MAYBE_AWAIT.search(source))
