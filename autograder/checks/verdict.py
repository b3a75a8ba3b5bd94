"""What came of an exercise's checks, as data, as text and as a table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import Any

MIME = "application/vnd.gradlab.verdict+json"

WORDS = {
    "passed": "passed",
    "failed": "not passed",
    "error": "your code stopped",
    "missing": "not written",
    "broken": "could not judge",
}


@dataclass(frozen=True)
class Outcome:
    """What came of one check.

    Attributes
    ----------
    status : str
        "passed"; "failed" (a wrong answer); "error" (the student's code raised or ran too
        long); "missing" (not written yet); "broken" (the check itself raised).
    seen : str
        What was seen, as a clause; empty when passed.
    seconds : float
        How long it took.
    """

    name: str
    title: str
    points: float
    earned: float
    status: str
    seen: str = ""
    hint: str | None = None
    seconds: float = 0.0


def visible_outcome(status: str, seen: str) -> Outcome:
    """Return what came of the asserts that a student sees, as an outcome worth no points."""
    return Outcome("visible", "The asserts in the notebook hold.", 0.0, 0.0, status, seen)


def _reproducible(outcome: Outcome) -> dict[str, Any]:
    return {name: value for name, value in vars(outcome).items() if name != "seconds"}


@dataclass(frozen=True)
class Verdict:
    """The outcomes of an exercise's checks, and of its visible asserts if they were run.

    `shortcut` tells of a forbidden one (`autograder.checks.forbid`), None if none was taken.
    """

    lab: str
    exercise: str
    outcomes: tuple[Outcome, ...]
    visible: Outcome | None = None
    shortcut: Outcome | None = None

    @property
    def points(self) -> float:
        """What was earned."""
        return sum(outcome.earned for outcome in self.outcomes)

    @property
    def max_points(self) -> float:
        """What could be earned."""
        return sum(outcome.points for outcome in self.outcomes)

    def with_visible(self, outcome: Outcome) -> Verdict:
        """Return the verdict with the outcome of the visible asserts added."""
        return replace(self, visible=outcome)

    def with_shortcut(self, outcome: Outcome) -> Verdict:
        """Return the verdict on an exercise that took a shortcut: nothing is earned."""
        outcomes = tuple(replace(one, earned=0.0) for one in self.outcomes)
        return replace(self, outcomes=outcomes, shortcut=outcome)

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as JSON-ready data, without timings: it is reproducible."""
        data = {
            "lab": self.lab,
            "exercise": self.exercise,
            "outcomes": [_reproducible(outcome) for outcome in self.outcomes],
            "visible": self.visible and _reproducible(self.visible),
            "points": self.points,
            "max_points": self.max_points,
        }
        return data | ({"shortcut": _reproducible(self.shortcut)} if self.shortcut else {})

    @staticmethod
    def from_json(data: dict[str, Any]) -> Verdict:
        """Read what `to_json` wrote."""
        visible, shortcut = data.get("visible"), data.get("shortcut")
        return Verdict(
            data["lab"],
            data["exercise"],
            tuple(Outcome(**outcome) for outcome in data["outcomes"]),
            Outcome(**visible) if visible else None,
            Outcome(**shortcut) if shortcut else None,
        )

    @property
    def rows(self) -> list[Outcome]:
        """All that is shown: a shortcut, the visible asserts, the hidden checks."""
        return [row for row in (self.shortcut, self.visible, *self.outcomes) if row]

    def _summary(self) -> str:
        return f"{self.exercise}: {self.points:g} of {self.max_points:g} points"

    def to_text(self) -> str:
        """Return the verdict as plain lines."""
        lines = [self._summary()]
        for row in self.rows:
            earned = f"{row.earned:g}/{row.points:g}" if row.points else "-"
            lines.append(f"  {earned:>5}  {WORDS[row.status]:<17}  {row.title}")
            if row.seen:
                lines.append(f"{'':28}seen: {row.seen}")
            if row.hint and row.status != "passed":
                lines.append(f"{'':28}hint: {row.hint}")
        return "\n".join(lines)

    def to_html(self) -> str:
        """Return the verdict as an HTML table."""
        cell = 'style="text-align:left;vertical-align:top;padding-right:1em"'
        rows = []
        for row in self.rows:
            said = [escape(row.title)]
            if row.seen:
                said.append(f"<br><b>Seen:</b> {escape(row.seen)}")
            if row.hint and row.status != "passed":
                said.append(f"<br><b>Hint:</b> {escape(row.hint)}")
            earned = f"{row.earned:g} / {row.points:g}" if row.points else ""
            rows.append(
                f'<tr class="gradlab-{row.status}"><td {cell}>{earned}</td>'
                f"<td {cell}>{WORDS[row.status]}</td><td {cell}>{''.join(said)}</td></tr>"
            )
        head = "".join(f"<th {cell}>{text}</th>" for text in ("Points", "Result", "Check"))
        return (
            f'<div class="gradlab-verdict"><p><b>{escape(self._summary())}</b></p>'
            f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return {"text/plain": self.to_text(), "text/html": self.to_html(), MIME: self.to_json()}
