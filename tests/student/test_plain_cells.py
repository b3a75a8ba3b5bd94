"""A cell that IPython is spared is one that IPython would leave as it is."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from autograder.authoring.notebooks import release_notebook, solution_notebook
from autograder.catalog import Course
from autograder.proving.load import load_faults
from autograder.student.plain_cells import is_plain, may_await

PIECES = [
    "x = 1", "x = 2\n", "", "   ", "\t", "def f(a):", "    return a % 2", "    ", "%time x",
    "%%time", "!ls", "y = !ls", "y = %pwd", "y =  %pwd", "y = \\\n  %pwd", "x != 2", "f'{x!r}'",
    "x?", "?x", "'''", '"""', "# why?", "  % x", ", f 1 2", "; f 1", "/f 1", "z = (1\n     / 2)",
    ">>> x = 1", "    >>> x", "...", "... x", "In [1]: x = 1", "   ...: x = 1", "[nav] In [1]: x",
    "[ins] In [1]: x", "In = 3", "\f", "x\r", "x = 1; %time x", "\\", "a = b = %pwd", "@decorator",
    "await x", "print('%d' % 3)", "\u2028", "x = [1,\n, 2]", "if x: !ls", "    !ls", "    %time x",
    "x = '''\n%time\n'''", "[1, 2]", "[nav", "yes = %%no", "a ==%b", "x = y %\\\n  z",
]  # fmt: skip
TRICKY = ["%time x\ny", "x = 1\n!ls", "y = \\\n%pwd\nz", " x = 1\n y = 2", "In [1]: x\ny", "x?\ny",
          "x = 1\rIn [1]: y = 2\nz = 3"]  # fmt: skip


def by_ipython(source):
    return TransformerManager().transform_cell(source)


def as_it_is(source):
    return source if source.endswith("\n") else source + "\n"


@settings(max_examples=1000)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("\n".join))
@example("x = 1\n   \ny = 2")
def test_what_is_plain_is_left_as_it_is_by_ipython(source):
    if is_plain(source):
        assert by_ipython(source) == as_it_is(source)


@pytest.mark.parametrize("source", TRICKY)
def test_the_property_above_would_notice(source):
    assert by_ipython(source) != as_it_is(source)
    assert not is_plain(source)


@pytest.mark.parametrize("lab", Course.default().labs(), ids=lambda lab: lab.name)
def test_most_cells_of_a_lab_are_plain(lab):
    notebooks = solution_notebook(lab), release_notebook(lab)
    sources = [c.source for one in notebooks for c in one.cells if c.cell_type == "code"]
    sources += [fault.source for fault in load_faults(lab)]
    sources = [source for source in sources if "\n" in source]
    plain = [source for source in sources if is_plain(source)]
    assert len(plain) > 0.8 * len(sources)
    for source in plain:
        assert by_ipython(source) == as_it_is(source)


def test_a_transformer_of_the_students_own_works_as_in_a_kernel(shell):
    def double(lines):
        return [line.replace("1", "2") for line in lines]

    source = "x = 1\ny = 1"
    for transformers in (
        shell.shell.input_transformers_post,
        shell.shell.input_transformer_manager.cleanup_transforms,
    ):
        shell.run(source, 1000)
        assert shell.namespace["x"] == 1
        transformers.append(double)
        try:
            shell.run(source, 1000)
        finally:
            transformers.remove(double)
        assert shell.namespace["x"] == 2


def test_a_cell_may_await(shell):
    source = "import asyncio\n\nawait asyncio.sleep(0)\nawaited = 3"
    assert may_await(source)
    assert is_plain(source)
    assert shell.run(source, 1000) == ([], False)
    assert shell.namespace["awaited"] == 3


def test_what_does_not_await_says_so():
    assert not may_await("awaiting = 1\nx.asynchronous()")
    assert may_await("async with x:\n    pass")


def test_the_lines_of_a_plain_cell_are_named_in_a_traceback(shell):
    outputs, _ = shell.run("x = 1\n\nraise ValueError(x)", 10_000)
    assert "----> 3 raise ValueError(x)" in "\n".join(outputs[-1]["traceback"])
