"""Writing the generated folders, and knowing when they are out of date."""

import argparse

import pytest

from autograder.authoring import command
from autograder.authoring.build import build, stale
from autograder.authoring.source import SourceError
from autograder.errors import GradlabError
from tests.toy import NAME, SOURCE, edited, toy_course, write


@pytest.fixture
def lab(tmp_path):
    return toy_course(tmp_path).lab(NAME)


def inside(lab, paths):
    return [str(path.relative_to(lab.course.root)) for path in paths]


ALL = ["build/source/toy/toy.ipynb", "release/toy/toy.ipynb", "solutions/toy/toy.ipynb"]


def test_build_writes_three_notebooks_once(lab):
    assert inside(lab, build(lab)) == ALL
    assert build(lab) == []
    assert stale(lab) == []
    assert not list(lab.course.root.rglob(".*"))


def test_an_edited_source_makes_all_notebooks_stale(lab):
    build(lab)
    lab.source_file.write_text(edited(SOURCE, "STEPS = 3", "STEPS = 4"), encoding="utf-8")

    assert inside(lab, stale(lab)) == ALL
    assert inside(lab, build(lab)) == ALL
    assert stale(lab) == []


def test_an_edited_solution_leaves_the_release_alone(lab):
    build(lab)
    lab.source_file.write_text(edited(SOURCE, "return 2 * x", "return x + x"), encoding="utf-8")

    assert inside(lab, stale(lab)) == [ALL[0], ALL[2]]


def test_a_notebook_edited_by_hand_is_stale(lab):
    build(lab)
    text = lab.release_notebook.read_text(encoding="utf-8")
    lab.release_notebook.write_text(text.replace("twice", "thrice"), encoding="utf-8")

    assert inside(lab, stale(lab)) == ["release/toy/toy.ipynb"]
    build(lab)
    assert lab.release_notebook.read_text(encoding="utf-8") == text


def test_nothing_built_is_stale_but_for_the_folder_that_is_not_committed(lab):
    assert inside(lab, stale(lab)) == ALL[1:]


def test_files_beside_the_source_go_along_and_leave_again(lab):
    folder = lab.source_file.parent
    write(folder / "data" / "runs.csv", "1,2\n")
    write(folder / "helper.py", "x = 1\n")
    for name in (".hidden", ".ipynb_checkpoints/toy-checkpoint.ipynb", "__pycache__/toy.pyc"):
        write(folder / name, "no")
    go_along = [
        f"{part}/toy/{name}"
        for part in ("build/source", "release", "solutions")
        for name in ("data/runs.csv", "helper.py")
    ]

    assert sorted(inside(lab, build(lab))) == sorted(ALL + go_along)
    assert (lab.release_notebook.parent / "data" / "runs.csv").read_text() == "1,2\n"
    assert stale(lab) == []

    write(folder / "data" / "runs.csv", "1,3\n")
    assert inside(lab, stale(lab)) == [path for path in go_along if "runs" in path]

    build(lab)
    (folder / "helper.py").unlink()
    left = [path for path in go_along if "helper" in path]
    assert inside(lab, stale(lab)) == left
    assert inside(lab, build(lab)) == left
    assert not any((lab.course.root / path).exists() for path in left)


def test_the_source_itself_is_never_copied(lab):
    build(lab)

    for folder in ("build/source", "release", "solutions"):
        assert [path.name for path in (lab.course.root / folder / NAME).iterdir()] == ["toy.ipynb"]


def test_a_notebook_beside_the_source_is_refused(lab):
    write(lab.source_file.parent / "toy.ipynb", "{}")

    with pytest.raises(GradlabError, match="a notebook beside a source") as caught:
        build(lab)
    assert "students would get it" in str(caught.value)


def test_a_bad_source_touches_nothing(lab):
    build(lab)
    before = lab.release_notebook.read_bytes()
    lab.source_file.write_text(edited(SOURCE, "STEPS = 3", "%time"), encoding="utf-8")

    with pytest.raises(SourceError, match=r"toy\.py:9: a magic"):
        build(lab)
    assert lab.release_notebook.read_bytes() == before


@pytest.fixture
def gradlab(lab, monkeypatch, capsys):
    """Return what `gradlab build ...` gives back and prints."""
    monkeypatch.setenv("GRADLAB_ROOT", str(lab.course.root))
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())

    def run(*arguments):
        parsed = parser.parse_args(["build", *arguments])
        return parsed.run(parsed), capsys.readouterr().out.splitlines()

    return run


def test_the_command_says_what_it_wrote(gradlab, lab):
    assert gradlab() == (0, [f"wrote {path}" for path in ALL])
    assert gradlab(NAME) == (0, ["unchanged"])
    write(lab.release_notebook.parent / "old.csv", "1")
    assert gradlab() == (0, ["removed release/toy/old.csv"])


def test_the_command_checks_and_fails(gradlab, lab):
    code, lines = gradlab("--check")
    assert code == 1
    assert lines[:2] == [f"out of date: {path}" for path in ALL[1:]]
    assert "gradlab build" in lines[2]
    assert not lab.release_notebook.exists()

    gradlab()
    assert gradlab("--check") == (0, ["unchanged"])


def test_the_command_builds_the_labs_it_is_told(gradlab, lab):
    toy_course(lab.course.root, name="other")

    assert gradlab("other")[1] == [f"wrote {path}".replace("toy", "other") for path in ALL]
    assert not lab.release_notebook.exists()
    with pytest.raises(GradlabError, match="no lab 'third'"):
        gradlab("third")
