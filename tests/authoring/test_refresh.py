"""nbgrader's source notebooks are built when they are missing or out of date, and only then."""

import pytest

from autograder.authoring import build
from autograder.authoring.refresh import refresh
from tests.toy import CHECKS, NAME, SOURCE, edited, toy_course, write


@pytest.fixture
def lab(tmp_path):
    return toy_course(tmp_path).lab(NAME)


@pytest.fixture
def built(monkeypatch):
    """Return the list of labs that are built from now on."""
    names = []
    build_source = build.build_source
    monkeypatch.setattr(
        build, "build_source", lambda lab: (names.append(lab.name), build_source(lab))
    )
    return names


def test_a_fresh_clone_gets_source_notebooks_and_nothing_else(lab):
    assert refresh(lab.course) == []
    assert lab.source_notebook.exists()
    assert not lab.release_notebook.exists()
    assert build.stale(lab) == [lab.release_notebook, lab.solution_notebook]


def test_nothing_is_built_when_nothing_has_changed(lab, built):
    refresh(lab.course)
    refresh(lab.course)

    assert built == [NAME]


@pytest.mark.parametrize(
    "change",
    [
        lambda lab: write(lab.source_file, edited(SOURCE, "STEPS = 3", "STEPS = 4")),
        lambda lab: write(lab.source_file.parent / "runs.csv", "1"),
        lambda lab: write(lab.hidden_folder / "checks.py", CHECKS + "\n# changed\n"),
        lambda lab: write(lab.source_notebook, "{}"),
        lambda lab: lab.source_notebook.unlink(),
        lambda lab: write(lab.source_notebook.parent / "left.csv", "1"),
    ],
    ids=["source", "file beside", "checks", "edited by hand", "removed", "left over"],
)
def test_any_change_builds_again(lab, built, change):
    refresh(lab.course)
    change(lab)

    assert refresh(lab.course) == []
    assert built == [NAME, NAME]
    # The other two folders were never built; the source folder is current.
    assert {path.relative_to(lab.course.root).parts[0] for path in build.stale(lab)} == {
        "release",
        "solutions",
    }


def test_a_lab_that_cannot_be_built_is_told_and_its_old_notebook_is_gone(lab, built):
    other = toy_course(lab.course.root, name="other").lab("other")
    refresh(lab.course)
    write(lab.source_file, edited(SOURCE, "STEPS = 3", "%time"))
    write(other.source_file, edited(SOURCE, "STEPS = 3", "STEPS = 4"))

    (problem,) = refresh(lab.course)

    assert str(problem).startswith(f"{lab.source_file}:9: ")
    assert not lab.source_notebook.exists()
    assert "STEPS = 4" in other.source_notebook.read_text(encoding="utf-8")


def test_a_lab_without_its_hidden_folder_is_told(lab):
    write(lab.course.root / "source" / "new" / "new.py", SOURCE)

    (problem,) = refresh(lab.course)

    assert "lab.toml" in str(problem)
    assert lab.source_notebook.exists()
