"""`gradlab new`: a lab of one exercise that is built and proved as it stands."""

from __future__ import annotations

import argparse
import re
from importlib import resources
from pathlib import Path
from typing import Any

from autograder.catalog import Course
from autograder.errors import GradlabError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_HIDDEN = ("lab.toml", "checks.py", "misconceptions.py", "alternatives.py", "equivalent.py")


def new_lab(course: Course, name: str) -> list[Path]:
    """Write the files of a new lab and return their paths.

    Parameters
    ----------
    course : Course
        Where the lab goes: `source/<name>/` and `autograder/labs/<name>/`.
    name : str
        Small letters, digits and underscores, a letter first.

    Raises
    ------
    GradlabError
        If the name cannot be used or is taken, or there is no such course. Nothing is written.
    """
    if not _NAME.fullmatch(name):
        raise GradlabError(
            f"a lab cannot be called {name!r}",
            expected="small letters, digits and underscores, a letter first, at most 64",
            found=repr(name),
            mend="choose a name such as lab6_attention",
        )
    if not course.root.is_dir():
        raise GradlabError(
            f"{course.root} is not a folder",
            expected="the folder of a course",
            mend="correct GRADLAB_ROOT, or make the folder",
        )
    source = course.root / "source" / name / f"{name}.py"
    hidden = course.root / "autograder" / "labs" / name
    # Also what an earlier lab left behind: its notebooks may be with students.
    for folder in (source.parent, hidden, course.root / "release" / name):
        if folder.exists():
            raise GradlabError(
                f"there is a lab {name!r} already",
                expected="a name that no lab has or had",
                found=str(folder),
                mend="choose another name, or move that folder away",
            )
    texts = {source: "source.py", **{hidden / file: file for file in _HIDDEN}}
    words = {"name": name, "title": name.replace("_", " ").capitalize()}
    for path, file in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_filled(file, words), encoding="utf-8")
    return list(texts)


def add_parser(subparsers: Any) -> None:
    """Add `gradlab new NAME`."""
    parser = subparsers.add_parser(
        "new",
        help="start a lab: one exercise that is built and proved as it stands",
        description="Write a lab of one exercise, with hidden checks, mistakes and other right "
        "answers, to be changed into your own. See docs/authoring.md.",
    )
    parser.add_argument("name", metavar="NAME", help="such as lab6_attention")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the lab and say what comes next."""
    course = Course.default()
    for path in new_lab(course, arguments.name):
        print(f"wrote {path.relative_to(course.root)}")
    print(
        f"next:\n  gradlab build {arguments.name}\n  gradlab verify {arguments.name}\n"
        "then make it your own: docs/authoring.md says how"
    )
    return 0


def _filled(file: str, words: dict[str, str]) -> str:
    text = (resources.files("autograder.authoring") / "template" / f"{file}.txt").read_text("utf-8")
    for word, filling in words.items():
        text = text.replace(f"<<{word}>>", filling)
    return text
