"""Cells that are compiled beforehand run as any others do."""

import atexit

import pytest
from IPython.core.compilerop import CachingCompiler
from IPython.core.interactiveshell import InteractiveShell

from autograder.student.known_cells import KnownCells
from tests.student.conftest import KNOWN

CELLS = [
    "x = 1\nx + 1",
    "def f(a):\n    return a / 0\nf(1)",
    "x = 2\nx + 2;",
    "import math\n\nmath.pi\n",
    "for i in range(2):\n    print(i)\ni",
    "async def g():\n    return 5\nawait g()",
    "y = [\n    1,\n    2\n]\n(z := 3)",
    "return 1\nx = 1",
    "x = = 1\ny = 1",
    '"""text"""\n\nclass A:\n    b = 1',
]
FLAGS = 0x2000  # of code that may await at the top


class Plain(InteractiveShell):
    """IPython's own."""


class Known(InteractiveShell):
    compiler_class = KnownCells


@pytest.fixture
def shells():
    made = []
    for kind in (Plain, Known):
        shell = kind()
        shell.history_manager.enabled = False
        shell.colors = "nocolor"
        made.append(shell)
    made[1].compile.changes_trees = lambda: made[1].ast_transformers
    yield made
    for shell in made:
        atexit.unregister(shell.atexit_operations)


def ran(shell, source, capsys):
    result = shell.run_cell(source, store_history=True)
    out = capsys.readouterr().out
    error = result.error_in_exec or result.error_before_exec
    return out, result.result, type(error), str(error), shell.execution_count


@pytest.mark.parametrize("cell", CELLS)
def test_they_show_and_raise_the_same(shells, capsys, cell):
    plain, known = shells
    known.compile.learn(cell, FLAGS)
    for _ in range(2):  # a notebook may have a cell twice
        want, got = (ran(shell, cell, capsys) for shell in shells)
        # The name of the code has no number where the cell was known.
        assert [part for part in got if "ipython-input" not in str(part)] == [
            part for part in want if "ipython-input" not in str(part)
        ]
    assert plain.user_ns.keys() == known.user_ns.keys()


def test_what_is_known_is_not_compiled_again(shells, capsys, monkeypatch):
    known = shells[1]
    known.compile.learn(CELLS[0], FLAGS)
    compiled = []
    monkeypatch.setattr(CachingCompiler, "ast_parse", lambda *a, **k: compiled.append(a))
    monkeypatch.setattr(CachingCompiler, "__call__", lambda *a, **k: compiled.append(a))
    assert ran(known, CELLS[0], capsys)[1] == 2
    assert compiled == []


def test_a_future_import_before_it_counts(shells, capsys):
    cell = "def f(a: nowhere):\n    pass\nf.__annotations__"
    shells[1].compile.learn(cell, FLAGS)
    for shell in shells:
        shell.run_cell("from __future__ import annotations\n", store_history=True)
    want, got = (ran(shell, cell, capsys) for shell in shells)
    assert want == got
    assert got[1] == {"a": "nowhere"}


def test_a_transformer_of_trees_counts(shells, capsys):
    import ast

    class Double(ast.NodeTransformer):
        def visit_Constant(self, node):
            return ast.copy_location(ast.Constant(2 * node.value), node)

    shells[1].compile.learn(CELLS[0], FLAGS)
    for shell in shells:
        shell.ast_transformers.append(Double())
    want, got = (ran(shell, CELLS[0], capsys) for shell in shells)
    assert want == got
    assert got[1] == 4


def test_the_traceback_names_the_cell_and_its_line(shell):
    shell.shell.compile.learn(CELLS[1], FLAGS)
    number = shell.shell.execution_count
    (error,) = shell.run(CELLS[1], 10_000)[0]
    text = "\n".join(error["traceback"])
    assert f"Cell In[{number}], line 3" in text
    assert "return a / 0" in text
    assert "ipython-input" not in text


def test_a_shell_learns_the_cells_it_is_given(shell):
    assert KNOWN in shell.shell.compile._trees
