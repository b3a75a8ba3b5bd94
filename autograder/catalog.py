"""Where a course keeps its things, and which labs it has.

A lab is a folder `source/<lab>/` with `<lab>.py` in it, and a folder
`autograder/labs/<lab>/` for what students never see.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.checks import mistakes
from autograder.checks.check import Check
from autograder.checks.shortcuts import checks_of
from autograder.errors import GradlabError


@dataclass(frozen=True)
class Settings:
    """The numbers in `course.toml`: a seed, and the limits of what a submission may use."""

    seed: int = 0
    cell_seconds: float = 30.0
    explore_seconds: float = 1.0
    check_seconds: float = 10.0
    submission_seconds: float = 600.0
    memory_mib: int = 2048
    file_mib: int = 64
    disk_mib: int = 256
    output_mib: int = 1
    processes: int = 64


@dataclass(frozen=True)
class Course:
    """A checkout: sources, hidden folders, generated notebooks.

    Parameters
    ----------
    root : Path
        The folder that holds `source/` and `autograder/labs/`.
    """

    root: Path

    @staticmethod
    def default() -> Course:
        """Return the course in `GRADLAB_ROOT`, else the checkout this package lies in."""
        root = os.environ.get("GRADLAB_ROOT")
        return Course(Path(root) if root else Path(__file__).resolve().parents[1])

    @cached_property
    def settings(self) -> Settings:
        """The settings of `autograder/course.toml`, or the defaults where there is none."""
        path = self.root / "autograder" / "course.toml"
        if not path.exists():
            return Settings()
        table = read_toml(path)
        values = {**{k: v for k, v in table.items() if k != "limits"}, **table.get("limits", {})}
        known = Settings.__dataclass_fields__
        for name, value in values.items():
            if name not in known:
                raise GradlabError(
                    f"{path}: {name!r} is not a setting",
                    expected=", ".join(known),
                    found=name,
                    mend="correct the name or remove the line",
                )
            whole = known[name].type == "int"
            if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
                raise GradlabError(
                    f"{path}: {name} has the wrong type",
                    expected="a whole number" if whole else "a number",
                    found=repr(value),
                    mend=f"write for example: {name} = {getattr(Settings, name)}",
                )
        return Settings(**values)

    def labs(self) -> list[Lab]:
        """Return every lab, in the order of their names."""
        return [self.lab(name) for name in self.lab_names()]

    def lab(self, name: str) -> Lab:
        """Return one lab.

        Raises
        ------
        GradlabError
            If no lab has that name, or its `lab.toml` is missing or wrong.
        """
        names = self.lab_names()
        if name not in names:
            raise GradlabError(
                f"there is no lab {name!r} in {self.root}",
                expected=", ".join(names) or f"a folder {self.root}/source/<lab>/ with <lab>.py",
                found=name,
                mend="name one of these labs",
            )
        return Lab(name, self, **_declared(self.root / "autograder" / "labs" / name / "lab.toml"))

    def lab_names(self) -> list[str]:
        """Return the labs' names, also of those whose `lab.toml` is wrong."""
        paths = sorted((self.root / "source").glob("*/*.py"))
        return [path.stem for path in paths if path.stem == path.parent.name]


@dataclass(frozen=True)
class Lab:
    """One lab: what it declares and where its files are."""

    name: str
    course: Course = field(repr=False)
    title: str
    points: float
    bonus: float

    @property
    def source_file(self) -> Path:
        """The text the lab is written in."""
        return self.course.root / "source" / self.name / f"{self.name}.py"

    @property
    def hidden_folder(self) -> Path:
        """Checks, misconceptions, alternatives: what a student never sees."""
        return self.course.root / "autograder" / "labs" / self.name

    @property
    def source_notebook(self) -> Path:
        """The notebook nbgrader starts from; generated, never committed."""
        return self.course.root / "build" / "source" / self.name / f"{self.name}.ipynb"

    @property
    def release_notebook(self) -> Path:
        """The student's notebook."""
        return self.course.root / "release" / self.name / f"{self.name}.ipynb"

    @property
    def solution_notebook(self) -> Path:
        """The worked notebook."""
        return self.course.root / "solutions" / self.name / f"{self.name}.ipynb"

    def hidden_module(self, stem: str) -> ModuleType:
        """Import `<hidden folder>/<stem>.py`, an empty module where there is no such file."""
        path = self.hidden_folder / f"{stem}.py"
        module_name = f"_gradlab_{self.name}_{stem}"
        if not path.exists():
            return ModuleType(module_name)
        # A server that runs for weeks must see that a file was edited.
        stamp = (str(path), path.stat().st_mtime_ns)
        known = sys.modules.get(module_name)
        if known is not None and getattr(known, "__gradlab_stamp__", None) == stamp:
            return known
        spec = importlib.util.spec_from_file_location(module_name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        module.__dict__["__gradlab_stamp__"] = stamp
        sys.modules[module_name] = module
        try:
            spec.loader.exec_module(module)
        except GradlabError:
            del sys.modules[module_name]
            raise
        except Exception as error:
            del sys.modules[module_name]
            raise GradlabError(
                f"{path} cannot be imported",
                found=f"{type(error).__name__}: {error}",
                mend=f"run `python {path}` to see where",
            ) from error
        return module

    def checks(self) -> dict[str, list[Check]]:
        """Return the hidden checks by exercise, in the order they are written.

        Raises
        ------
        GradlabError
            If `checks.py` cannot be imported, or forbids something to an unknown exercise.
        """
        module = self.hidden_module("checks")
        vars(module)[mistakes.NOTED] = self.mistakes_text()
        return checks_of(module)

    def mistakes_text(self) -> str:
        """Return what is recorded of known mistakes, empty where there is no such file."""
        path = self.hidden_folder / mistakes.FILE
        return path.read_text(encoding="utf-8") if path.exists() else ""


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; a syntax error names the file and the line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GradlabError(f"{path} is not valid TOML", found=str(error)) from error


def _declared(path: Path) -> dict[str, Any]:
    example = 'title = "Softmax"\n  points = 100\n  bonus = 0'
    if not path.exists():
        raise GradlabError(
            f"{path} is missing",
            expected="the lab's title and points",
            mend=f"write the file:\n  {example}",
        )
    table = read_toml(path)
    kinds: dict[str, tuple[type, ...]] = {
        "title": (str,), "points": (int, float), "bonus": (int, float)
    }  # fmt: skip
    table.setdefault("bonus", 0)
    for name, kind in kinds.items():
        if not isinstance(table.get(name), kind):
            raise GradlabError(
                f"{path}: {name} is missing or has the wrong type",
                expected=example,
                found=repr(table.get(name)),
            )
    if extra := sorted(set(table) - set(kinds)):
        raise GradlabError(
            f"{path}: unknown entry {extra[0]!r}", expected=", ".join(kinds), found=extra[0]
        )
    return {**table, "points": float(table["points"]), "bonus": float(table["bonus"])}
