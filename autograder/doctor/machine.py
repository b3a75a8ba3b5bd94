"""Python, packages, processors, room and data: what grading needs beside a sandbox."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from autograder.doctor.finding import Finding
from autograder.grading.pool import processors

DISTRIBUTION = "course-utils"
EXTRAS = ("", "notebook", "instructor")
OLDEST_PYTHON = (3, 11)
ROOM_GIB = 2.0
_GIB = 2**30


def machine_findings(root: Path, folder: Path) -> list[Finding]:
    """Look at everything but the sandbox.

    Parameters
    ----------
    root : Path
        The checkout, which holds `constraints.txt`.
    folder : Path
        Where submissions are graded.
    """
    return [
        python_finding(sys.version_info[:3]),
        packages_finding(),
        versions_finding(root / "constraints.txt"),
        nbgrader_finding(),
        fork_finding(sys.platform),
        processors_finding(),
        room_finding(folder),
        data_finding(),
        Finding("network", "ok", "not needed: grading uses none, and students' code has none"),
    ]


def python_finding(found: tuple[int, ...]) -> Finding:
    """Whether Python is new enough."""
    seen = ".".join(map(str, found)) + f", {sys.executable}"
    if found >= OLDEST_PYTHON:
        return Finding("Python", "ok", seen)
    wanted = ".".join(map(str, OLDEST_PYTHON))
    return Finding("Python", "to do", seen, f"install Python {wanted} or newer, then: make setup")


def packages_finding() -> Finding:
    """Whether every package that grading needs is there, in a version it works with."""
    try:
        lines = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return Finding(
            "packages",
            "missing",
            "this checkout is not installed",
            "pip install -c constraints.txt -e '.[instructor]'",
        )
    missing, wrong, count = [], [], 0
    for requirement in map(Requirement, lines):
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in EXTRAS):
            continue
        if requirement.name == DISTRIBUTION:
            continue
        count += 1
        found = installed(requirement.name)
        if found is None:
            missing.append(requirement.name)
        elif not requirement.specifier.contains(found, prereleases=True):
            wrong.append(f"{requirement.name} {found} (needed: {requirement.specifier})")
    if not missing and not wrong:
        return Finding("packages", "ok", f"all {count} that are needed are there")
    said = ([f"not installed: {', '.join(missing)}"] if missing else []) + wrong
    mend = "pip install -c constraints.txt -e '.[instructor]'"
    return Finding("packages", "missing" if missing else "to do", "; ".join(said), mend)


def versions_finding(constraints: Path) -> Finding:
    """Whether the versions are those that the labs were tested with."""
    if not constraints.exists():
        return Finding("versions", "ok", f"no {constraints.name} to compare with")
    other = []
    for line in constraints.read_text(encoding="utf-8").splitlines():
        name, pinned, tested = line.partition("#")[0].strip().partition("==")
        found = installed(name) if pinned else None
        if found is not None and found != tested:
            other.append(f"{name} {found} (tested: {tested})")
    if not other:
        return Finding("versions", "ok", f"as in {constraints.name}")
    shown = "; ".join(other[:6]) + (f"; and {len(other) - 6} more" if len(other) > 6 else "")
    mend = f"nothing, or: pip install -c {constraints.name} -e '.[instructor]'"
    return Finding("versions", "to do", shown, mend)


def nbgrader_finding() -> Finding:
    """Whether nbgrader is there, and `alembic`, which it calls."""
    found = installed("nbgrader")
    if found is None:
        mend = "pip install -c constraints.txt -e '.[instructor]'"
        return Finding("nbgrader", "missing", "not installed", mend)
    if shutil.which("alembic") is None:
        return Finding(
            "nbgrader",
            "to do",
            f"{found}; but it calls alembic, which is not on PATH",
            f"activate the environment, or: export PATH={Path(sys.executable).parent}:$PATH",
        )
    return Finding("nbgrader", "ok", f"{found}; alembic is on PATH")


def fork_finding(platform: str) -> Finding:
    """Whether processes can be forked safely, which is how students' processes begin."""
    if platform.startswith("linux"):
        return Finding("fork", "ok", "safe on Linux")
    return Finding(
        "fork",
        "to do",
        f"not safe, or not there, on {platform}",
        "grade in a Linux container or virtual machine",
        unsafe=True,
    )


def processors_finding() -> Finding:
    """How many submissions are graded at a time."""
    count = processors()
    plural = "submissions" if count > 1 else "submission"
    return Finding("processors", "ok", f"{count}: so many {plural} are graded at a time")


def room_finding(folder: Path) -> Finding:
    """Whether there is room for notebooks, feedback and the gradebook."""
    free = shutil.disk_usage(folder).free / _GIB
    seen = f"{free:.1f} GiB free in {folder}"
    if free >= ROOM_GIB:
        return Finding("disk", "ok", seen)
    return Finding("disk", "to do", seen, f"have {ROOM_GIB:g} GiB free")


def data_finding() -> Finding:
    """Which images notebooks train on here; grading always takes the small digits."""
    from course_utils.data.download import cache_folder

    always = "grading does not depend on it"
    chosen = os.environ.get("COURSE_DATA")
    if chosen and chosen != "digits" and not Path(chosen).exists():
        mend = "set COURSE_DATA to a folder with MNIST's files, or unset it"
        return Finding("data", "to do", f"COURSE_DATA is {chosen}, which is not there", mend)
    if chosen:
        return Finding("data", "ok", f"COURSE_DATA is {chosen}; {always}")
    cache = cache_folder()
    if cache.is_dir() and any(cache.iterdir()):
        return Finding("data", "ok", f"MNIST in {cache}; {always}")
    seen = f"no MNIST yet: notebooks fetch it, or take small digits; {always}"
    return Finding("data", "ok", seen)


def installed(name: str) -> str | None:
    """Return the version of an installed package, None if there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
