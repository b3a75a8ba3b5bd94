"""The package as students get it: quick to import, independent of the engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import course_utils

SLOW = ["pandas", "sklearn", "scipy", "matplotlib", "pooch", "requests", "tqdm", "IPython"]


def test_the_import_brings_in_numpy_alone():
    code = f"import sys, course_utils; print([m for m in {SLOW} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


def test_every_public_name_is_there():
    assert len(course_utils.__all__) == len(set(course_utils.__all__))  # ruff keeps the order
    for name in course_utils.__all__:
        assert getattr(course_utils, name).__doc__


def test_the_library_does_not_know_the_engine():
    for path in Path(course_utils.__file__).parent.rglob("*.py"):
        assert "autograder" not in path.read_text(encoding="utf-8"), path


def test_type_checkers_are_told_that_the_package_is_typed():
    assert (Path(course_utils.__file__).parent / "py.typed").is_file()
