"""Each attack earns nothing, costs no one else anything, and shows nothing it should not."""

import zlib
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from nbformat.v4 import new_code_cell

import tests.hostile.protocol
import tests.hostile.structure  # noqa: F401 (they add to the table)
from autograder.grading.execute import _Run, warm_sandbox
from autograder.grading.grade import grade_submission
from tests.grading.helpers import cell, data, position
from tests.hostile.attacks import ATTACKS, HONEST, MARK, SHOW_ASKED
from tests.hostile.conftest import WRITABLE, descendants, needs_sandbox, outputs, settled

pytestmark = [pytest.mark.slow, needs_sandbox]

# What is in the hidden checks, the environment of the grader, and another's submission.
SECRETS = ("rng.normal", "default_rng", "_gradlab", "doubles_numbers", "swordfish", "someone else")


def submission(base, attack, lab, port):
    def filled(text):
        for word, meant in {"PORT": port, "PATHS": paths(lab), "WRITABLE": WRITABLE}.items():
            text = text.replace(word, str(meant))
        return text

    notebook = deepcopy(base)
    for name, source in attack.cells.items():
        cell(notebook, name).source = filled(source)
    if attack.change:
        attack.change(notebook)
    if attack.first:
        at = position(notebook, "setup") + 1
        notebook.cells.insert(at, new_code_cell(filled(attack.first)))
    if attack.last:
        notebook.cells.append(new_code_cell(filled(attack.last)))
    return data(notebook)


def paths(lab):
    if lab is None:
        return []
    root = lab.course.root
    return [
        str(path)
        for path in (lab.hidden_folder / "checks.py", root / "gradebook.db", lab.source_file,
                     root / "submitted" / "alice" / "toy" / "toy.ipynb")
    ]  # fmt: skip


def drawn(lab, check, shape=None):
    """Return the numbers that a check draws, as they would be printed."""
    seed = zlib.crc32(f"{lab.course.settings.seed}/{lab.name}/{check}".encode())
    return np.atleast_1d(np.random.default_rng(seed).normal(size=shape)).ravel()


def found(graded, lab, factor=1):
    """Return what the checks of `double` draw, times `factor`, that stands in the notebook."""
    whole = graded.notebook.decode()
    numbers = [*drawn(lab, "doubles_numbers"), *drawn(lab, "doubles_arrays", (2, 5))]
    # Cut off, not rounded: 0.7480596 is to be found in 0.7480596778.
    texts = [f"{abs(factor * number):.12f}"[:7] for number in numbers]
    return [text for text in texts if text in whole]


def points(graded):
    return {score.name: score.points for score in graded.scores if not score.manual}


def files_of(root):
    return {path: path.stat().st_mtime_ns for path in Path(root).rglob("*")}


@pytest.fixture(scope="module")
def honest(package, base):
    graded = grade_submission(package, data(base))
    assert points(graded) == HONEST
    assert graded.flags == ()
    return graded


@pytest.mark.parametrize("name", ATTACKS)
def test_attack(name, package, lab, base, port, honest):
    attack = ATTACKS[name]
    before = files_of(lab.course.root)

    graded = grade_submission(package, submission(base, attack, lab, port))
    after = grade_submission(package, data(base))

    # What it earns, and that the rest of its work counts.
    assert graded.status == "graded", graded.reason
    assert points(graded) == HONEST | attack.points
    shown = outputs(graded.notebook)
    assert attack.shown in shown
    for flag in attack.flags:
        assert any(flag in found for found in graded.flags), graded.flags
    broken = any(flag.startswith("broken check") for flag in graded.flags)
    assert attack.breaks_check or not broken

    # What it may not come to know.
    for secret in SECRETS:
        assert secret not in shown
    assert not found(graded, lab, factor=2)
    assert bool(found(graded, lab)) == attack.sees_inputs

    # What it leaves to others: the same result, no process, no file.
    assert points(after) == HONEST
    assert after.notebook == honest.notebook
    assert after.flags == ()
    nursery = warm_sandbox(package)._nursery.process.pid
    assert settled(lambda: len(descendants(nursery)) <= 3), descendants(nursery)
    assert files_of(lab.course.root) == before
    assert not [path for folder in {"/tmp", "/dev/shm", WRITABLE}
                for path in Path(folder).glob("hostile*")]  # fmt: skip


@pytest.fixture
def asked_in_between(monkeypatch):
    """Have each exercise asked after its own check cell, before the next cell runs."""

    def run_asserts(run, check, number, process):
        ran = plain(run, check, number, process)
        run._judge(check, number, ran)
        run.process.turn = None
        return ran

    plain = _Run._run_asserts
    monkeypatch.setattr(_Run, "_run_asserts", run_asserts)


@pytest.mark.parametrize("name", [name for name in ATTACKS if name.startswith("inputs kept in")])
def test_inputs_are_found_where_they_are_kept(name, package, lab, base, port, asked_in_between):
    """Asked before the last cell, each of these shows an input, and the search finds it."""
    attack = replace(
        ATTACKS[name], first=dedent(SHOW_ASKED), last=f"{ATTACKS[name].last}\nprint(kept)"
    )
    graded = grade_submission(package, submission(base, attack, lab, port))
    assert found(graded, lab)


def test_an_expected_value_is_found(package, lab, base, port, asked_in_between):
    attack = ATTACKS["inputs kept in a global"]
    cells = {"double": attack.cells["double"].replace("append(x)", "append(2 * x)")}
    attack = replace(attack, cells=cells)
    assert found(grade_submission(package, submission(base, attack, lab, port)), lab, factor=2)


def test_the_table_is_long_enough_and_its_secrets_are_real(lab):
    """The list is what was asked for; what the outputs are searched for can be found."""
    assert len(ATTACKS) >= 35
    assert MARK not in (lab.hidden_folder / "checks.py").read_text()
    assert all(any(text in path.read_text() for path in (lab.hidden_folder / "checks.py",))
               for text in ("rng.normal", "doubles_numbers"))  # fmt: skip
