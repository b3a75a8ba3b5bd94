"""The mutants of a lab: each solution with one small change that Python takes."""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograder.authoring.cells import BEGIN_SOLUTION, END_SOLUTION
from autograder.authoring.notebooks import solution_source
from autograder.proving.mutation.operators import edits
from autograder.proving.mutation.text import Edit, Text

# So many mutants of one lab are tried unless more are asked for: a fork and the first check that
# fails take 0.05 s, so about 20 s on two cores.
MOST = 700


@dataclass(frozen=True)
class Mutant:
    """A solution with one small change.

    Attributes
    ----------
    exercise : str
        Whose solution it is.
    within : str
        The class and function it stands in, such as "Task1.backprop"; empty outside of both.
    before, after : str
        The lines it touches, on one line, without indentation and comments.
    source : str
        The whole cell.
    nth : int
        0 for the first with these lines in this place, 1 for the next.
    """

    exercise: str
    within: str
    before: str
    after: str
    source: str
    nth: int = 0

    @property
    def key(self) -> str:
        """A short name that stays the same while the line and its place do."""
        parts = (self.exercise, self.within, self.before, self.after, str(self.nth))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def mutants_of(exercise: str, cell: str, known: Iterable[str] = ()) -> list[Mutant]:
    """Return the mutants of an exercise, from the top of its cell to the end.

    Only lines between the solution markers are changed. Changes that give the same tree as the
    solution, as one another or as a known cell count once or not at all, and so do those that
    do not compile.

    Parameters
    ----------
    exercise : str
        Its name.
    cell : str
        The cell with its markers.
    known : iterable of str
        Cells that are tried anyway: misconceptions, and alternatives.
    """
    text = Text(solution_source(cell))
    lines = _solution_lines(cell)
    seen = {_tree(text.text), *map(_tree, known)}
    found: list[Mutant] = []
    alike: Counter[tuple[str, str, str]] = Counter()
    for edit in edits(text):
        first, last = text.lines_of(edit)
        if not lines.issuperset(range(first, last + 1)):
            continue
        source = edit.apply(text.text)
        tree = _tree(source)
        if tree is not None and tree not in seen:
            seen.add(tree)
            words = _words(text, edit, source)
            found.append(Mutant(exercise, *words, source, alike[words]))
            alike[words] += 1
    return found


def sample(mutants: Sequence[Mutant], most: int = MOST) -> list[Mutant]:
    """Return at most `most` of the mutants, in their order.

    Which ones does not depend on the other lines of the lab: an edit of one line leaves the
    choice among the others nearly as it was.
    """
    chosen = {mutant.key for mutant in sorted(mutants, key=lambda mutant: mutant.key)[:most]}
    return [mutant for mutant in mutants if mutant.key in chosen][:most]


def all_mutants(cells: Mapping[str, str], known: Mapping[str, Sequence[str]]) -> list[Mutant]:
    """Return the mutants of several exercises, each given by its cell with markers."""
    return [
        mutant
        for exercise, cell in cells.items()
        for mutant in mutants_of(exercise, cell, known.get(exercise, ()))
    ]


def _words(text: Text, edit: Edit, source: str) -> tuple[str, str, str]:
    """Return where a change is, and its lines before and after."""
    first, last = text.lines_of(edit)
    old = text.bare.split("\n")[first - 1 : last]
    more = source.count("\n") - text.text.count("\n")
    new = edit.apply(text.bare).split("\n")[first - 1 : last + more]
    return _within(text.tree, first), _one_line(old), _one_line(new)


def _one_line(lines: Sequence[str]) -> str:
    return " ".join(" ".join(lines).split())


def _within(tree: ast.AST, line: int) -> str:
    names = []
    for node in _definitions(tree):
        assert node.end_lineno is not None
        if node.lineno <= line <= node.end_lineno:
            names.append(node.name)
    return ".".join(names)


def _definitions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Yield functions and classes, the outer ones before those inside them."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node
        yield from _definitions(node)


def _solution_lines(cell: str) -> set[int]:
    """Return the lines, of the cell without markers, that students write."""
    found, inside, number = set(), False, 0
    for line in cell.split("\n"):
        if line.strip() in (BEGIN_SOLUTION, END_SOLUTION):
            inside = line.strip() == BEGIN_SOLUTION
            continue
        number += 1
        if inside:
            found.add(number)
    return found


def _tree(source: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
            compile(tree, "<mutant>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    return ast.dump(tree)
