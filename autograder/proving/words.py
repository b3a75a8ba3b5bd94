"""What a check did, in the words of a report."""

from __future__ import annotations

from autograder.checks import Outcome

# What a check does, by its status.
SAYS = {
    "passed": "passes",
    "failed": "fails",
    "error": "stops",
    "missing": "finds nothing to judge",
    "broken": "cannot judge",
}


def words(outcome: Outcome) -> str:
    """Return what a check did and saw, as a clause."""
    return f"it {SAYS[outcome.status]}" + (f": {outcome.seen}" if outcome.seen else "")
