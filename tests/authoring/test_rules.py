"""Each rule refuses one bad source, naming the file, the line and the mend."""

import pytest

from autograder.authoring.notebooks import source_notebook
from autograder.authoring.rules import check_rules
from autograder.authoring.source import SourceError, read_source
from tests.toy import CHECKS, LAB_TOML, NAME, SOURCE, edited, toy_course

LONG = "# " + "word " * 16
ADDRESS = "# https://example.org/" + "a" * 80

# name: old text, new text, the line the error names (by its text), what it says
BAD = {
    "long line": ("# ## Mean of rows", LONG, LONG, "line too long"),
    "name missing": (' name="setup"', "", '# %% tags=["given"]', "'given' without a name"),
    "name with a capital": (
        'name="setup"',
        'name="Setup"',
        '# %% tags=["given"] name="Setup"',
        "the name 'Setup' cannot be used",
    ),
    "name with a hyphen": (
        'name="setup"',
        'name="set-up"',
        '# %% tags=["given"] name="set-up"',
        "the name 'set-up' cannot be used",
    ),
    "name too long": (
        'name="setup"',
        f'name="{"a" * 65}"',
        f'# %% tags=["given"] name="{"a" * 65}"',
        "cannot be used",
    ),
    "name twice": (
        '# %% tags=["explore"]',
        '# %% tags=["explore"] name="setup"',
        '# %% tags=["explore"] name="setup"',
        "the name 'setup' is used twice",
    ),
    "check before its exercise": (
        '# %% tags=["exercise"] name="double"',
        '# %% tags=["check"] name="mean_rows_check" points=4\nassert mean_rows\n\n'
        '# %% tags=["exercise"] name="double"',
        '# %% tags=["check"] name="mean_rows_check" points=4',
        "the check 'mean_rows_check' has no exercise before it",
    ),
    "check without an exercise": (
        'name="triple_check"',
        'name="tripple_check"',
        '# %% tags=["check"] name="tripple_check" points=2 bonus=true',
        "the check 'tripple_check' has no exercise before it",
    ),
    "check with another ending": (
        'name="triple_check"',
        'name="triple"',
        '# %% tags=["check"] name="triple" points=2 bonus=true',
        "the check 'triple' has no exercise before it",
    ),
    "exercise without a check": (
        '# %% tags=["check"] name="triple_check" points=2 bonus=true',
        '# %% tags=["explore"]',
        '# %% tags=["exercise"] name="triple"',
        "the exercise 'triple' has no check",
    ),
    "points missing": (
        'name="double_check" points=4',
        'name="double_check"',
        '# %% tags=["check"] name="double_check"',
        "'check' that is worth nothing",
    ),
    "points below zero": (
        "points=2\n",
        "points=-2\n",
        '# %% [markdown] tags=["answer"] name="why_mean" points=-2',
        "'answer' that is worth nothing",
    ),
    "points unlike the hidden checks": (
        'name="double_check" points=4',
        'name="double_check" points=5',
        '# %% tags=["check"] name="double_check" points=5',
        "the points of 'double_check' are not those of its hidden checks",
    ),
    "points unlike lab.toml": (
        'name="why_mean" points=2',
        'name="why_mean" points=3',
        '# %% [markdown] tags=["answer"] name="why_mean" points=3',
        "the points of the cells do not add up",
    ),
    "bonus unlike lab.toml": (
        "points=2 bonus=true",
        "points=2",
        "",
        "the bonus points of the cells do not add up",
    ),
    "no solution": (
        "    ### BEGIN SOLUTION\n    return 3 * x\n    ### END SOLUTION\n",
        "    return 3 * x\n",
        '# %% tags=["exercise"] name="triple"',
        "no solution is marked in 'triple'",
    ),
    "no model answer": (
        "# ### BEGIN SOLUTION\n# Because a sum does not.\n# ### END SOLUTION\n",
        "",
        '# %% [markdown] tags=["answer"] name="why_mean" points=2',
        "no solution is marked in 'why_mean'",
    ),
    "solution not ended": (
        "    return 3 * x\n    ### END SOLUTION\n",
        "    # here\n    return 3 * x\n",
        ("    # here", -1),
        "a solution of 'triple' is not marked to its end",
    ),
    "solution begun twice": (
        "    return 3 * x\n",
        "    ### BEGIN SOLUTION  # again\n",
        "    ### BEGIN SOLUTION  # again",
        "solution markers out of order",
    ),
    "solution ended first": (
        '    """Return three times x."""\n',
        "    ### END SOLUTION \n",
        "    ### END SOLUTION ",
        "solution markers out of order",
    ),
    "marker in a given cell": (
        "STEPS = 3",
        "### BEGIN SOLUTION \nSTEPS = 3",
        "### BEGIN SOLUTION ",
        "a solution marker in a cell of kind 'given'",
    ),
    "marker in a text": (
        "# Two small functions",
        "# END SOLUTION, two small functions",
        "# END SOLUTION, two small functions, and one for a bonus.",
        "a solution marker in a cell of kind 'text'",
    ),
    "hidden region in the source": (
        "assert double(0) == 0",
        "### BEGIN HIDDEN TESTS",
        "### BEGIN HIDDEN TESTS",
        "'HIDDEN TESTS' are kept for nbgrader",
    ),
    "nbgrader's autotest": (
        "assert double(0) == 0",
        "### AUTOTEST double(0)",
        "### AUTOTEST double(0)",
        "'AUTOTEST' are kept for nbgrader",
    ),
    "magic": ("STEPS = 3", "%matplotlib inline", "%matplotlib inline", "magic or shell line"),
    "shell": ("STEPS = 3", "files = !ls", "files = !ls", "magic or shell line"),
    "help": ("STEPS = 3", "np.mean?", "np.mean?", "magic or shell line"),
    "get_ipython": (
        "STEPS = 3",
        "get_ipython().run_line_magic('time', '')",
        "get_ipython().run_line_magic('time', '')",
        "magic or shell line",
    ),
    "syntax error": ("STEPS = 3", "STEPS = = 3", "STEPS = = 3", "not valid Python"),
    "return outside a function": ("STEPS = 3", "return 3", "return 3", "not valid Python"),
    "wrong escape": ("STEPS = 3", r"STEPS = '\d'", r"STEPS = '\d'", "not valid Python"),
    "cell that needs its solution": (
        "    return 3 * x\n    ### END SOLUTION\n",
        "    if x is not None:\n    ### END SOLUTION\n        return 3 * x\n",
        '# %% tags=["exercise"] name="triple"',
        "without its solution 'triple' is not valid Python",
    ),
    "triple single quotes": (
        "assert double(0) == 0",
        "assert double('''a''')",
        "assert double('''a''')",
        "triple single quotes in a check cell",
    ),
    "check that shows nothing": (
        "assert triple(1) == 3",
        "# try it",
        '# %% tags=["check"] name="triple_check" points=2 bonus=true',
        "the check 'triple_check' shows nothing",
    ),
}


def line_of(text, wanted):
    """Return the number of the one line that reads `wanted`; a pair moves it by some lines."""
    wanted, by = wanted if isinstance(wanted, tuple) else (wanted, 0)
    lines = text.splitlines()
    first = lines.index(wanted)
    assert not wanted or lines.count(wanted) <= 2
    return first + 1 + by


@pytest.mark.parametrize("rule", BAD)
def test_a_broken_rule_names_file_line_and_mend(tmp_path, rule):
    old, new, wanted, what = BAD[rule]
    text = edited(SOURCE, old, new)
    lab = toy_course(tmp_path, source=text).lab(NAME)

    with pytest.raises(SourceError) as caught:
        source_notebook(lab)

    said = str(caught.value)
    line = 1 if rule == "bonus unlike lab.toml" else line_of(text, wanted)
    entries = [f"{lab.source_file}:{entry}" for entry in said.split(f"{lab.source_file}:")[1:]]
    (entry,) = [entry for entry in entries if what in entry]
    assert entry.startswith(f"{lab.source_file}:{line}: ")
    assert all(f"\n  {part}: " in entry for part in ("expected", "found", "to mend"))


def test_a_hidden_check_for_an_unknown_exercise_names_its_line(tmp_path):
    checks = edited(CHECKS, '@check("triple"', '@check("tripple"')
    lab = toy_course(tmp_path, checks=checks).lab(NAME)
    line = checks.splitlines().index('@check("tripple", points=2)') + 1

    with pytest.raises(SourceError) as caught:
        source_notebook(lab)

    path = lab.hidden_folder / "checks.py"
    assert f"{path}:{line}: the hidden check 'triples_numbers' is for an unknown" in str(
        caught.value
    )
    assert "double, mean_rows, triple" in str(caught.value)


def test_several_problems_are_told_at_once(tmp_path):
    text = edited(SOURCE, "STEPS = 3", "%time")
    text = edited(text, "# ## Mean of rows", LONG)
    lab = toy_course(tmp_path, source=text).lab(NAME)

    with pytest.raises(SourceError, match="line too long") as caught:
        source_notebook(lab)

    assert "magic or shell line" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# ## Mean of rows", ADDRESS),
        ("STEPS = 3", "STEPS = (7\n    % 4)"),
        ("STEPS = 3", 'STEPS = """\n%time\n!ls\n"""'),
        ("STEPS = 3", "STEPS = 3  # is it '''fine'''?"),
        ("assert triple(1) == 3", 'assert triple(1) == 3, """no\n\'\' \\n"""'),
        ('# %% tags=["explore"]', '# %% tags=["explore"] name="curve"'),
    ],
)
def test_what_only_looks_bad_is_accepted(tmp_path, old, new):
    lab = toy_course(tmp_path, source=edited(SOURCE, old, new)).lab(NAME)

    check_rules(lab, read_source(lab.source_file))


def test_points_may_be_fractions_that_add_up(tmp_path):
    source = edited(SOURCE, 'name="why_mean" points=2', 'name="why_mean" points=0.2')
    source = edited(source, 'name="double_check" points=4', 'name="double_check" points=0.3')
    checks = edited(CHECKS, '"double", points=3', '"double", points=0.1')
    checks = edited(checks, '"double", points=1', '"double", points=0.2')
    toml = edited(LAB_TOML, "points = 10", "points = 4.5")
    lab = toy_course(tmp_path, source=source, checks=checks, lab_toml=toml).lab(NAME)

    check_rules(lab, read_source(lab.source_file))
