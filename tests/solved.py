"""A lab's notebook with the solutions in it, run without a notebook."""

import pytest

from autograder.authoring.notebooks import solution_source
from autograder.authoring.source import read_source


def run_lab(lab, data):
    """Return the names of a lab's given and exercise cells, run with solutions on a data set."""
    names = {"__name__": lab.name}
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("COURSE_DATA", data)
        monkeypatch.setenv("MPLBACKEND", "Agg")
        for cell in read_source(lab.source_file):
            if cell.kind in ("given", "exercise"):
                exec(compile(solution_source(cell.source), f"<{cell.name}>", "exec"), names)
    return names
