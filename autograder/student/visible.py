"""Run the asserts that a student sees in a check cell, and say what came of them."""

from __future__ import annotations

import ast
from functools import lru_cache
from types import CodeType
from typing import Any

from .limits import TimeLimitReached, time_limit


def run_visible(
    source: str, namespace: dict[str, Any], seconds: float, patience: float = 1.0
) -> tuple[str, str]:
    """Run `source` statement by statement.

    Parameters
    ----------
    source : str
        The visible part of a check cell.
    namespace : dict
        The notebook's globals.
    seconds, patience : float
        How long it may take (`student.limits.time_limit`).

    Returns
    -------
    status, seen : str
        As in `autograder.checks.verdict.Outcome`.
    """
    statement = None
    try:
        with time_limit(seconds, patience):
            for statement, code in compiled(source):  # noqa: B007 (it is looked at below)
                exec(code, namespace)  # noqa: S102 (the author's own text)
    except AssertionError as error:
        text = statement and ast.get_source_segment(source, statement)
        return "failed", f"{error}" or f"this does not hold: {text}"
    except NotImplementedError as error:
        return "missing", f"{error}" or "this part is not written yet"
    except NameError as error:
        return "missing", str(error)
    except TimeLimitReached:
        return "error", f"they did not finish within {seconds:g} seconds"
    except (Exception, SystemExit, GeneratorExit) as error:
        return "error", f"your code raised {type(error).__name__}: {error}"
    return "passed", ""


@lru_cache(maxsize=64)
def compiled(source: str) -> list[tuple[ast.stmt, CodeType]]:
    """Return the statements of `source`, each with its code."""
    return [
        (node, compile(ast.Module([node], []), "<visible asserts>", "exec", dont_inherit=True))
        for node in ast.parse(source).body
    ]
