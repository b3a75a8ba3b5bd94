"""The examples of the documentation do what the page says they do."""

import contextlib
import io
import re
from pathlib import Path

import matplotlib
import pytest

ROOT = Path(__file__).parents[1]
# A block of code, and the block of output that may follow it.
EXAMPLE = re.compile(r"^```python\n(.*?)^```\n(?:```\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)
PAGES = ("docs/library.md", "course_utils/README.md")


@pytest.mark.parametrize("page", PAGES)
def test_every_example_prints_what_stands_below_it(page, monkeypatch):
    matplotlib.use("Agg")
    monkeypatch.setenv("COURSE_DATA", "digits")
    names: dict[str, object] = {}
    examples = EXAMPLE.findall((ROOT / page).read_text())
    assert examples
    for code, expected in examples:
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            exec(compile(code, page, "exec"), names)
        assert shown.getvalue().strip() == expected.strip(), code
