"""The pages for students and instructors name what there is: flags, commands, limits, files."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from autograder.catalog import Course
from autograder.cli import main
from autograder.reporting.words import FLAGS, TO_DO

ROOT = Path(__file__).parents[1]
PAGES = ("docs/students.md", "docs/instructors.md", "course_utils/README.md", "CONTRIBUTING.md")
FENCED = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)


def text(page):
    return (ROOT / page).read_text(encoding="utf-8")


def explained(page):
    """Return what stands in backquotes in the first column of a page's tables."""
    rows = [line.split("|")[1] for line in text(page).splitlines() if line.startswith("|")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def commands(page):
    """Return the lines of a page's blocks that call gradlab, without what follows a #."""
    lines = [line for block in FENCED.findall(text(page)) for line in block.splitlines()]
    inline = re.findall(r"`(gradlab [^`]+)`", text(page))
    calls = [line.split("#")[0].strip() for line in lines if line.startswith("gradlab ")]
    return [call for call in calls + inline if "..." not in call]


@pytest.mark.parametrize("word", [*FLAGS, *TO_DO, "graded", "timestamp"])
def test_every_flag_and_status_is_explained(word):
    assert word in explained("docs/instructors.md")


def test_every_command_and_option_of_the_instructors_page_is_one(capsys):
    calls = commands("docs/instructors.md")
    assert len(calls) > 5
    for call in calls:
        _, command, *rest = shlex.split(call)
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0, call
        known = capsys.readouterr().out
        assert all(word in known for word in rest if word.startswith("--")), call


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file(page):
    for target in re.findall(r"\]\(([^)#]+)\)", text(page)):
        if "://" not in target:
            assert (ROOT / page).parent.joinpath(target).exists(), target


@pytest.mark.parametrize("page", PAGES)
def test_extras_that_are_named_exist(page):
    project = tomllib.loads(text("pyproject.toml"))["project"]
    named = re.findall(r"(?:course_utils[\w.-]*(?:\.whl)?|\.)\[([a-z,]+)\]", text(page))
    assert {extra for group in named for extra in group.split(",")} <= set(
        project["optional-dependencies"]
    )


def test_the_wheel_is_called_as_the_pages_say():
    version = tomllib.loads(text("pyproject.toml"))["project"]["version"]
    for page in PAGES[:2]:
        wheels = set(re.findall(r"course_utils-[\w.-]+\.whl", text(page)))
        assert wheels == {f"course_utils-{version}-py3-none-any.whl"}


def test_the_limits_are_those_of_the_course():
    settings = Course(ROOT).settings
    paragraph = text("docs/instructors.md").split("## 9. Limits")[1].split("##")[0]
    numbers = [int(number) for number in re.findall(r"\((\d+)\)", paragraph)]
    assert numbers == [
        settings.cell_seconds,
        settings.explore_seconds,
        settings.check_seconds,
        settings.submission_seconds,
    ]
    assert f"(after {settings.cell_seconds:g} seconds it is stopped)" in text("docs/students.md")


@pytest.mark.parametrize("package", ["autograder", "course_utils"])
def test_every_part_has_its_place_in_contributing(package):
    page = text("CONTRIBUTING.md")
    for part in ROOT.glob(f"{package}/*/__init__.py"):
        assert re.search(rf"`[^`]*\b{part.parent.name}/", page), part.parent.name
