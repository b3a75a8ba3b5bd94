"""What students with a known mistake read, for each misconception of each lab.

The texts lie in `tests/labs/messages/`. After a change that is meant, write them anew with
``GRADLAB_WRITE_MESSAGES=1 pytest tests/labs/test_messages.py -m slow`` and read the difference.
"""

import contextlib
import io
import os
import re
import sys
import textwrap
import warnings
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from autograder.authoring.notebooks import release_notebook
from autograder.catalog import Course
from autograder.checks import run_checks
from autograder.checks.mistakes import loads
from autograder.proving.load import load_faults
from autograder.proving.run import lab_cells

COURSE = Course(Path(__file__).parents[2])
FOLDER = Path(__file__).parent / "messages"
pytestmark = pytest.mark.slow


class Told:
    """What one misconception makes a student read."""

    def __init__(self, fault, verdict, expected):
        self.fault = fault
        self.failed = [one for one in verdict.outcomes if one.status == "failed"]
        self.verdict = verdict
        self.expected = expected

    def __str__(self):
        lines = [f"## {self.fault.exercise}: {self.fault.name}"]
        for one in self.failed:
            lines += [f"- {one.name}: {one.seen}", f"  hint: {one.hint}"]
        wrapped = (textwrap.fill(line, 98, subsequent_indent="    ") for line in lines)
        return "\n".join(wrapped) + "\n"


def flat(value):
    """Return the numbers in an array, or in a list of arrays."""
    if isinstance(value, (list, tuple)):
        return np.concatenate([flat(part) for part in value]) if value else np.zeros(0)
    return np.ravel(np.asarray(value, dtype=complex)).real


def all_told(lab, monkeypatch):
    """Run every misconception in a notebook of its own kind, and keep what `close` expected."""
    checks = lab.checks()
    module = lab.hidden_module("checks")
    close, expected = module.close, []

    def spy(actual, right, **options):
        expected.append(flat(right))
        return close(actual, right, **options)

    monkeypatch.setattr(module, "close", spy)
    monkeypatch.setenv("COURSE_DATA", "digits")
    notebook = ModuleType("_messages_of_a_lab")
    monkeypatch.setitem(sys.modules, notebook.__name__, notebook)
    variations = [v for v in load_faults(lab) if v.fault.kind == "misconception"]
    told = {}

    def run(source):
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            exec(compile(source, notebook.__name__, "exec"), vars(notebook))

    for cell in lab_cells(lab):
        if cell.kind not in ("given", "exercise"):
            continue
        for variation in variations:
            fault = variation.fault
            if fault.exercise == cell.name:
                expected.clear()
                run(variation.source)
                verdict = run_checks(
                    checks[fault.exercise],
                    vars(notebook),
                    lab=lab.name,
                    seed=COURSE.settings.seed,
                )
                told[fault.name] = Told(fault, verdict, np.concatenate([*expected, np.zeros(0)]))
        # The solution: it also puts right what a mistake has done to a class.
        run(cell.source)
    assert list(told) == [variation.fault.name for variation in variations]
    return list(told.values())


@pytest.fixture(scope="module", params=[lab.name for lab in COURSE.labs()])
def lab(request):
    return COURSE.lab(request.param)


@pytest.fixture(scope="module")
def told(lab):
    with pytest.MonkeyPatch.context() as monkeypatch:
        return all_told(lab, monkeypatch)


def test_the_mistake_is_named_or_the_check_says_what_is_wrong(lab, told):
    mistakes = {mistake.name: mistake for mistake in loads(lab.mistakes_text())}
    named = 0
    for one in told:
        hints = " ".join(outcome.hint or "" for outcome in one.failed)
        if one.fault.name in mistakes:
            named += 1
            assert one.fault.says in hints, str(one)
            assert hints.count(one.fault.says) == 1, "the sentence stands there once"
        else:
            assert all(outcome.hint for outcome in one.failed), str(one)
    assert named > 0.8 * len(told)


def test_nobody_elses_mistake_is_named(told):
    sentences = {one.fault.says for one in told}
    for one in told:
        hints = " ".join(outcome.hint or "" for outcome in one.failed)
        if "It is one of two mistakes" not in hints:
            assert not [says for says in sentences - {one.fault.says} if says in hints], str(one)


# Those are the student's own: what was found, how many, and in what proportion.
OWN = r"found \S+|is \S+ times|is \S+, which is too|\b\d+ of \d+\b|\[[\d, ]*\]|\([\d, ]*\)"
NUMBER = r"(?<![\w.])-?\d+\.\d+(?:e[+-]?\d+)?"


def test_no_expected_number_is_given_away(lab, told):
    shown = "\n".join(cell.source for cell in release_notebook(lab).cells)
    known = {float(number) for number in re.findall(NUMBER, shown)}
    for one in told:
        for outcome in one.failed:
            text = re.sub(OWN, "", f"{outcome.seen} {outcome.hint}")
            for number in map(float, re.findall(NUMBER, text)):
                given = np.isclose(number, one.expected, rtol=1e-3).any()
                assert not given or number in known, f"{number}: {one}"


def words_and_numbers(text):
    """Return a text's words, its decimal numbers replaced by #, and the numbers."""
    words = " ".join(re.sub(NUMBER, "#", text).split())
    return words, [float(number) for number in re.findall(NUMBER, text)]


def test_the_messages_are_those_that_were_read(lab, told):
    text = "\n".join(map(str, told))
    path = FOLDER / f"{lab.name}.txt"
    if os.environ.get("GRADLAB_WRITE_MESSAGES"):
        path.write_text(text, encoding="utf-8")
    words, numbers = words_and_numbers(text)
    read, shown = words_and_numbers(path.read_text(encoding="utf-8"))
    assert words == read
    # Another machine, or one thread more, rounds the last digits of a sum otherwise.
    np.testing.assert_allclose(numbers, shown, rtol=1e-4, atol=1e-6)
