"""The small changes: each kind is made, what is no student's work is left alone."""

import ast
from textwrap import dedent, indent

import pytest

from autograder.authoring.notebooks import solution_source
from autograder.proving.mutation.mutants import Mutant, mutants_of, sample
from autograder.proving.mutation.text import Text, without_comments


def cell(body, head="def f(x, n, m, axis):"):
    """Return an exercise whose solution is `body`."""
    marked = f"### BEGIN SOLUTION\n{dedent(body).strip()}\n### END SOLUTION"
    return f"{head}\n{indent(marked, '    ')}"


def changed(body, **options):
    """Return what the one line of a body becomes."""
    return [mutant.after for mutant in mutants_of("f", cell(body), **options)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("return x + n", ["x - n", "x", "n"]),
        ("return x - n", ["x + n", "x", "n"]),
        ("return x * n", ["x / n", "x", "n"]),
        ("return (x + n) / m", ["(x + n) * m", "(x + n)", "m", "(x - n) / m", "(x) / m"]),
        ("return x @ n.T", ["x * n.T", "x @ n"]),
        ("return x ** 2", ["x * 2", "x ** 3", "x ** 1", "x"]),
        ("return x // n", ["x / n"]),
        ("return x < n", ["x <= n", "x >= n"]),
        ("return x >= n", ["x > n", "x < n"]),
        ("return x == n", ["x != n"]),
        ("return x is not n", ["x is n"]),
        ("return x not in n", ["x in n"]),
        ("return x and n", ["x or n"]),
        ("return not x", ["x"]),
        ("return -x", ["x"]),
        ("return 0.5", ["1.0"]),
        ("return 0.0", ["1.0"]),
        ("return -1", ["0", "-2", "1"]),
        ("return x.sum(axis=0)", ["x.sum(axis=1)", "x.sum(axis=-1)", "x.sum()", "x.mean(axis=0)"]),
        ("return x.sum(axis, keepdims=True)", ["x.sum(axis, keepdims=False)"]),
        ("return x.max(axis=axis)", ["x.max()", "x.min(axis=axis)", "x"]),
        ("return np.sqrt(x)", ["x"]),
        ("return np.zeros_like(x)", ["np.ones_like(x)"]),
        ("return x.copy()", ["x"]),
        ("return np.where(x, n, m)", ["np.where(n, x, m)", "np.where(x, m, n)"]),
        ("return x, n", ["n, x"]),
        ("return x[n]", ["x[n - 1]"]),
        ("return x[:n]", ["x[:n - 1]"]),
        ("return range(n)", ["range(1, n)", "range(n - 1)"]),
        ("return n if x else m", ["n if not (x) else m"]),
        ("return np.sqrt(x + n) * m", ["(x + n) * m"]),
        ("return f(x, n=n, m=m)", ["f(x, m=m)", "f(x, n=n)"]),
        ("return f(n=n, m=m)", ["f(m=m)"]),
    ],
)
def test_an_expression_becomes(line, expected):
    assert {f"return {text}" for text in expected} <= set(changed(line))


@pytest.mark.parametrize(
    ("body", "before", "after"),
    [
        ("x += n\nreturn x", "x += n", "x = n"),
        ("x += n\nreturn x", "x += n", "x -= n"),
        ("x += n\nreturn x", "x += n", "pass"),
        ("x = x * n\nreturn x", "x = x * n", "pass"),
        ("m[0] = n\nreturn m", "m[0] = n", "pass"),
        ("m.append(n)\nreturn m", "m.append(n)", "pass"),
        ("if x:\n    x = n\nreturn x", "if x:", "if not (x):"),
        ("if x:\n    x = n\nreturn x", "if x: x = n", "pass"),
        ("for a in x:\n    continue", "continue", "break"),
        ("while x:\n    break", "break", "continue"),
    ],
)
def test_a_statement_becomes(body, before, after):
    assert (before, after) in [(m.before, m.after) for m in mutants_of("f", cell(body))]


@pytest.mark.parametrize(
    "body",
    [
        '"""Add 1 to x."""',
        'print(x + 1, "text")',
        'raise ValueError(f"{x + 1}")',
        'assert n > 1, "n is too small"',
        "y: list[3 + 4]",
        "for a, b in zip(x, x, strict=True):\n    pass",
    ],
)
def test_what_computes_nothing_is_left_alone(body):
    found = [(m.before, m.after) for m in mutants_of("f", cell(body))]
    assert [pair for pair in found if pair[1] != "pass"] == []


def test_only_the_lines_of_the_solution_change():
    text = "def f(x, n=1 + 1):\n    y = x + 1\n    ### BEGIN SOLUTION\n    y = y * 2\n"
    text += "    ### END SOLUTION\n    return y - 3"
    assert {mutant.before for mutant in mutants_of("f", text)} == {"y = y * 2"}


def test_a_statement_that_begins_before_the_solution_stays():
    text = "def f(x):\n    if x:\n        ### BEGIN SOLUTION\n        x = -x\n"
    text += "        ### END SOLUTION\n    return x"
    assert {mutant.before for mutant in mutants_of("f", text)} == {"x = -x"}


def test_each_tree_counts_once_and_known_ones_not_at_all():
    doubled = changed("return x * 1")
    assert len(doubled) == len(set(doubled))
    known = "def f(x, n, m, axis):\n    return x  -  n  # declared"
    assert "return x - n" not in changed("return x + n", known=[known])
    assert "return x" in changed("return x + n", known=[known])


def test_lines_are_shown_without_comments_and_on_one_line():
    body = "y = (  # the sum\n    x\n    + n  # of both\n)\nreturn y"
    (mutant,) = [m for m in mutants_of("f", cell(body)) if m.after == "- n"]
    assert mutant.before == "+ n"
    assert "# of both" in mutant.source
    assert ("x + n", "x") in [(m.before, m.after) for m in mutants_of("f", cell(body))]


def test_signs_in_strings_and_comments_are_no_operators():
    body = "y = x['a + b'] + n  # not + here\nreturn y"
    afters = {m.after for m in mutants_of("f", cell(body))}
    assert "y = x['a + b'] - n" in afters
    assert not any("a - b" in after for after in afters)
    assert without_comments("a = '# no'  # yes") == "a = '# no'       "


def test_letters_of_more_than_one_byte_do_not_shift_places():
    assert "return ü['ä'] - n" in changed("return ü['ä'] + n")


def test_the_place_and_the_repetition_tell_equal_lines_apart():
    body = "def g(y):\n    return y + 1\ndef h(y):\n    return y + 1\n    return y + 1"
    found = [m for m in mutants_of("f", cell(body)) if m.after == "return y - 1"]
    assert [(m.within, m.nth) for m in found] == [("f.g", 0), ("f.h", 0), ("f.h", 1)]
    assert len({m.key for m in found}) == 3


BODY = '''
def g(a, b=2, *, c=-1):
    """Not + this."""
    total = [0.5] * len(a)
    for i, (one, other) in enumerate(zip(a, b, strict=True)):
        if one < other <= c and not one:
            total[i] += np.sum(one @ other.T, axis=0, keepdims=True) ** 2
        elif i % 2:
            continue
        total[i - 1], total[i] = total[i], total[i - 1]
    return np.max(np.array(total)[:, i], axis=1), {k: -v for k, v in a.items()}
return g(x, n) if m else [h(y) for y in x if y > 1]
'''


def test_every_mutant_is_python_and_changes_one_place():
    text = cell(BODY)
    plain = solution_source(text)
    lines = plain.split("\n")
    mutants = mutants_of("f", text)
    assert len(mutants) > 60
    for mutant in mutants:
        assert ast.dump(ast.parse(mutant.source)) != ast.dump(ast.parse(plain))
        new = mutant.source.split("\n")
        same = 0
        while lines[same] == new[same]:
            same += 1
        tail = 0
        while lines[-1 - tail] == new[-1 - tail]:
            tail += 1
        assert " ".join(" ".join(new[same : len(new) - tail]).split()) == mutant.after


def test_a_sample_stays_when_another_line_changes():
    mutants = [Mutant("f", "f", f"line {n}", "pass", "") for n in range(100)]
    chosen = sample(mutants, 30)
    assert len(chosen) == 30
    assert chosen == [mutant for mutant in mutants if mutant in chosen]
    assert sample(mutants, 1000) == mutants
    without_one = [mutant for mutant in mutants if mutant != mutants[50]]
    assert len(set(sample(without_one, 30)) - set(chosen)) <= 1


def test_an_argument_leaves_with_its_comma():
    text = Text("f(a, b=(1, 2), c=3)")
    call = text.tree.body[0].value
    made = [text.without_argument(call, k).apply(text.text) for k in call.keywords]
    assert made == ["f(a, c=3)", "f(a, b=(1, 2))"]
