"""Each attack earns nothing, costs no one else anything, and shows nothing it should not."""

import zlib
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
from nbformat.v4 import new_code_cell

import tests.hostile.protocol
import tests.hostile.structure  # noqa: F401 (they add to the table)
from autograder.grading.execute import warm_sandbox
from autograder.grading.grade import grade_submission
from tests.grading.helpers import cell, data, position
from tests.hostile.attacks import ATTACKS, HONEST, MARK
from tests.hostile.conftest import descendants, needs_sandbox, outputs, settled

pytestmark = [pytest.mark.slow, needs_sandbox]

# What is in the hidden checks, the environment of the grader, and another's submission.
SECRETS = ("rng.normal", "default_rng", "_gradlab", "doubles_numbers", "swordfish", "someone else")


def submission(base, attack, lab, port):
    notebook = deepcopy(base)
    for name, source in attack.cells.items():
        cell(notebook, name).source = source
    if attack.change:
        attack.change(notebook)
    if attack.first:
        first = attack.first.replace("PORT", str(port)).replace("PATHS", repr(paths(lab)))
        notebook.cells.insert(position(notebook, "setup") + 1, new_code_cell(first))
    if attack.last:
        notebook.cells.append(new_code_cell(attack.last))
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


def printed(numbers):
    return [f"{abs(number):.6f}"[:7] for number in numbers]


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
    for check, shape in (("doubles_numbers", None), ("doubles_arrays", (2, 5))):
        inputs = drawn(lab, check, shape)
        whole = graded.notebook.decode()
        assert not [text for text in printed(2 * inputs) if text in whole]
        if not attack.sees_inputs:
            assert not [text for text in printed(inputs) if text in whole]

    # What it leaves to others: the same result, no process, no file.
    assert points(after) == HONEST
    assert after.notebook == honest.notebook
    assert after.flags == ()
    zygote = warm_sandbox(package)._process.pid
    assert settled(lambda: len(descendants(zygote)) <= 2), descendants(zygote)
    assert files_of(lab.course.root) == before
    assert not list(Path("/tmp").glob("hostile*")) + list(Path("/dev/shm").glob("hostile*"))


def test_the_table_is_long_enough_and_its_secrets_are_real(lab):
    """The list is what was asked for; what the outputs are searched for can be found."""
    assert len(ATTACKS) >= 35
    assert MARK not in (lab.hidden_folder / "checks.py").read_text()
    assert all(any(text in path.read_text() for path in (lab.hidden_folder / "checks.py",))
               for text in ("rng.normal", "doubles_numbers"))  # fmt: skip
