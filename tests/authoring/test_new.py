"""`gradlab new` writes a lab that is built and proved at once, and never over another."""

import pytest

from autograder.authoring.new import new_lab
from autograder.catalog import Course
from autograder.cli import main
from autograder.errors import GradlabError
from tests.toy import toy_course


@pytest.fixture
def gradlab(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADLAB_ROOT", str(tmp_path))
    return lambda *arguments: main(arguments)


def files_of(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_new_lab_is_built_and_proved_as_it_stands(tmp_path, gradlab, capsys):
    assert gradlab("new", "lab6_tables") == 0
    hidden = ("alternatives.py", "checks.py", "equivalent.py", "lab.toml", "misconceptions.py")
    assert files_of(tmp_path) == [
        *(f"autograder/labs/lab6_tables/{name}" for name in hidden),
        "source/lab6_tables/lab6_tables.py",
    ]
    for path in map(tmp_path.joinpath, files_of(tmp_path)):
        assert "<<" not in path.read_text(), path
    said = capsys.readouterr().out
    assert "wrote source/lab6_tables/lab6_tables.py" in said
    assert "gradlab build lab6_tables\n" in said
    assert gradlab("build") == 0
    assert gradlab("verify", "--explore") == 0
    said = capsys.readouterr().out
    assert "lab6_tables: Lab6 tables: proved" in said
    assert "1 explained as right" in said
    assert "unproved" not in said
    assert gradlab("build", "--check") == 0


def test_a_formula_keeps_its_dollar_signs(tmp_path):
    new_lab(Course(tmp_path), "one")
    text = (tmp_path / "source" / "one" / "one.py").read_text()
    assert "# $$z_{nk}" in text
    assert "# # One\n" in text


@pytest.mark.parametrize("folder", ["source/one", "autograder/labs/one", "release/one"])
def test_a_name_that_is_taken_is_refused(tmp_path, gradlab, capsys, folder):
    (tmp_path / folder).mkdir(parents=True)
    assert gradlab("new", "one") == 1
    error = capsys.readouterr().err
    assert "there is a lab 'one' already" in error
    assert str(tmp_path / folder) in error
    assert files_of(tmp_path) == []


def test_a_lab_that_is_there_stays_as_it_is(tmp_path):
    course = toy_course(tmp_path)
    before = {path: (tmp_path / path).read_bytes() for path in files_of(tmp_path)}
    with pytest.raises(GradlabError, match="there is a lab 'toy' already"):
        new_lab(course, "toy")
    assert {path: (tmp_path / path).read_bytes() for path in files_of(tmp_path)} == before


@pytest.mark.parametrize("name", ["", "Lab", "6lab", "a-b", "../up", "a/b", "a.b", "ä", "a" * 65])
def test_a_bad_name_is_refused(tmp_path, name):
    with pytest.raises(GradlabError, match="a lab cannot be called") as caught:
        new_lab(Course(tmp_path), name)
    assert caught.value.mend
    assert files_of(tmp_path) == []


def test_a_course_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(GradlabError, match="is not a folder"):
        new_lab(Course(tmp_path / "nowhere"), "one")
    assert not (tmp_path / "nowhere").exists()
