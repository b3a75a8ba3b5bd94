"""Judge mutants: each is noticed by a hidden check, or it is said why it is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.errors import GradlabError
from autograder.proving.mutation.equivalent import Equivalent, reason
from autograder.proving.mutation.mutants import Mutant
from autograder.proving.task import Cell, Result, Task

# A cell or check that takes longer ends the run of a mutant: it loops, and is noticed.
SECONDS = 3.0


@dataclass(frozen=True)
class Hunt:
    """What came of a lab's mutants.

    Attributes
    ----------
    made, tried : int
        How many there are, and how many were run.
    slow : int
        How many were stopped because they took too long.
    survivors : tuple of (Mutant, str)
        Those that no check notices, and why they are right; the reason may be missing.
    """

    made: int = 0
    tried: int = 0
    slow: int = 0
    survivors: tuple[tuple[Mutant, str], ...] = ()

    @property
    def killed(self) -> int:
        """How many a check noticed."""
        return self.tried - len(self.survivors)


def mutant_tasks(
    mutants: Sequence[Mutant], cells: Sequence[Cell], judged: Mapping[str, Sequence[str]]
) -> list[Task]:
    """Return one run for each mutant, which ends with the first check that does not pass.

    Parameters
    ----------
    mutants : sequence of Mutant
        In notebook order.
    cells : sequence of Cell
        The lab's.
    judged : mapping
        Whose checks are run, by the exercise that is changed.
    """
    place = {cell.name: index for index, cell in enumerate(cells)}
    return [
        Task(
            f"mutant:{mutant.key}",
            place[mutant.exercise],
            tuple(judged[mutant.exercise]),
            {mutant.exercise: mutant.source},
            seconds=SECONDS,
            hunted=True,
        )
        for mutant in mutants
    ]


def survived(mutant: Mutant, results: Mapping[str, Result]) -> bool:
    """Whether every check that was run passed."""
    result = results[f"mutant:{mutant.key}"]
    outcomes = [outcome for verdict in result.verdicts for outcome in verdict.outcomes]
    return not result.crash and all(outcome.status == "passed" for outcome in outcomes)


def was_slow(mutant: Mutant, results: Mapping[str, Result]) -> bool:
    """Whether a cell or a check was stopped because it took too long."""
    result = results[f"mutant:{mutant.key}"]
    last = result.verdicts[-1].outcomes[-1].seen if result.verdicts else ""
    said = [last, result.crash, *(text for _, text in result.problems)]
    return any("did not finish within" in text or "it hung" in text for text in said)


def mutant_problems(
    made: Sequence[Mutant],
    tried: Sequence[Mutant],
    results: Mapping[str, Result],
    declared: Sequence[Equivalent],
) -> list[GradlabError]:
    """Demand that each survivor is explained, and each explanation is of a survivor.

    A mutant that was not tried may be explained: which ones are is chosen anew when a lab grows.
    """
    problems = [
        _unnoticed(mutant)
        for mutant in tried
        if survived(mutant, results) and not reason(mutant, declared)
    ]
    dead = {m.key for m in tried if not survived(m, results) and not was_slow(m, results)}
    for one in declared:
        for change in one.changes:
            meant = [mutant for mutant in made if one.explains(mutant, change)]
            killed = [mutant for mutant in meant if mutant.key in dead]
            if not meant or killed:
                problems.append(_idle(one, change, meant, killed, results))
    return problems


def _unnoticed(mutant: Mutant) -> GradlabError:
    place = f" in {mutant.within}" if mutant.within != mutant.exercise else ""
    return GradlabError(
        f"no check of {mutant.exercise!r} notices this change{place}",
        expected=f"a check that fails\n    - {mutant.before}\n    + {mutant.after}",
        found="every check passes",
        mend="write a check that it fails, or say in equivalent.py why it is right:\n"
        f"    equivalent(\n        {mutant.exercise!r},\n"
        f"        ({mutant.before!r}, {mutant.after!r}),\n"
        '        because="...",\n    )',
    )


def _idle(
    one: Equivalent,
    change: tuple[str, str],
    meant: Sequence[Mutant],
    killed: Sequence[Mutant],
    results: Mapping[str, Result],
) -> GradlabError:
    what = f"{one.where}: equivalent({one.exercise!r}) explains a change that "
    lines = f"\n    - {change[0]}\n    + {change[1]}"
    if not meant:
        return GradlabError(
            f"{what}is not among the mutants",
            expected="a change that `gradlab verify` makes" + (" there" if one.within else ""),
            found=f"none like this{' in ' + one.within if one.within else ''}:{lines}",
            mend="remove it: the solution has moved on, or the lines were not copied as they are",
        )
    result = results[f"mutant:{killed[0].key}"]
    last = result.verdicts[-1].outcomes[-1] if result.verdicts else None
    mend = "remove it: the change is a mistake, and it is noticed"
    if len(meant) > len(killed):
        mend = f"say with within= which one is meant: {killed[0].within!r} is noticed"
    return GradlabError(
        f"{what}a check notices",
        expected=f"a change that no check notices:{lines}",
        found=result.crash or (f"{last.name}: {last.seen}" if last else "no check was reached"),
        mend=mend,
    )
