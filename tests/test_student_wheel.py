"""The release runs where only the students' wheel and Jupyter are installed.

The environment is made without a network: the wheel is installed for real, and of the
packages around these tests exactly those are linked in that `course-utils[notebook]` asks
for, and what they ask for in turn. nbgrader and the engine are not among them.
"""

import ast
import json
import os
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement

from autograder.catalog import Course

ROOT = Path(__file__).parents[1]
LABS = [lab.name for lab in Course(ROOT).labs()]

RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=170, allow_errors=True, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index",
         "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)],
        check=True,
    )  # fmt: skip
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def student_python(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("student")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
         "--target", str(packages), str(wheel)],
        check=True,
    )  # fmt: skip
    for package in needed("course-utils", {"notebook"}):
        link(package, packages)
    return folder / "bin" / "python"


def needed(name, extras, found=None):
    """Return what `name` with `extras` requires, in the end, without itself."""
    found = {} if found is None else found
    for text in distribution(name).requires or []:
        requirement = Requirement(text)
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in extras or {""}):
            continue
        key = (requirement.name.lower(), frozenset(requirement.extras))
        if key not in found:
            try:
                found[key] = distribution(requirement.name)
            except PackageNotFoundError:
                continue  # another platform's package
            needed(requirement.name, requirement.extras | {""}, found)
    return list(found.values()) if extras == {"notebook"} else found


def link(package: Distribution, folder: Path):
    for file in package.files or []:
        top = file.parts[0]
        target = folder / top
        if top not in ("..", "__pycache__") and not target.exists():
            target.symlink_to(Path(str(package.locate_file(top))).resolve())


def run(python, notebook, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    done = tmp_path / "done.ipynb"
    subprocess.run(
        [str(python), "-c", RUN, str(notebook), str(done)],
        check=True,
        cwd=home,
        env={"HOME": str(home), "PATH": os.defpath, "COURSE_DATA": "digits"},
    )
    return nbformat.read(done, as_version=4)


def errors(notebook):
    """Return (cell name or id, exception, text) of each cell that raised."""
    return [
        (cell.metadata.get("nbgrader", {}).get("grade_id", cell.id), out.ename, out.evalue)
        for cell in notebook.cells
        if cell.cell_type == "code"
        for out in cell.outputs
        if out.output_type == "error"
    ]


def lost_before(notebook):
    """Return the explore cells that use a name which a cell that stopped would have bound."""
    lost, found = set(), set()
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        used = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)]
        loads = {node.id for node in used if isinstance(node.ctx, ast.Load)}
        if "explore" in cell.metadata.get("tags", []) and loads & lost:
            found.add(cell.id)
        if any(out.output_type == "error" for out in cell.outputs):
            lost |= {node.id for node in used if isinstance(node.ctx, ast.Store)}
    return found


def names(notebook, **wanted):
    return {
        cell.metadata.nbgrader.grade_id
        for cell in notebook.cells
        if cell.cell_type == "code" and "nbgrader" in cell.metadata
        if all(cell.metadata.nbgrader[key] == value for key, value in wanted.items())
    }


def test_the_wheel_holds_the_library_alone(wheel):
    inside = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in inside} == {"course_utils"}
    assert not [name for name in inside if name.endswith("entry_points.txt")]


def test_the_environment_holds_neither_the_engine_nor_nbgrader(student_python, tmp_path):
    program = """
import importlib.util, json
names = ["course_utils", "jupyterlab", "autograder", "nbgrader", "jupytext", "pytest"]
print(json.dumps([n for n in names if importlib.util.find_spec(n)]))
"""
    done = subprocess.run(
        [str(student_python), "-c", program],
        capture_output=True, text=True, check=True, cwd=tmp_path, env={"PATH": os.defpath},
    )  # fmt: skip
    assert json.loads(done.stdout) == ["course_utils", "jupyterlab"]


@pytest.mark.parametrize("lab", LABS)
def test_the_untouched_release_runs_and_says_what_is_to_do(lab, student_python, tmp_path):
    release = Course(ROOT).lab(lab).release_notebook
    ran = run(student_python, release, tmp_path)
    raised = errors(ran)
    stubs, checks = names(ran, solution=True), names(ran, grade=True)
    lost = lost_before(ran)
    for name, kind, text in raised:
        if name in lost:
            continue  # it lacks what a cell before it, which stopped, would have made
        assert kind == "NotImplementedError", f"{name} raised {kind}: {text}"
        assert text.split(" is not written yet")[0] in stubs
    assert checks <= {name for name, _, _ in raised}, "an unwritten exercise passes its asserts"


@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS)
def test_the_solution_runs_without_an_error(lab, student_python, tmp_path):
    ran = run(student_python, Course(ROOT).lab(lab).solution_notebook, tmp_path)
    assert errors(ran) == []
