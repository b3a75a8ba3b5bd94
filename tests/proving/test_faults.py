"""Declarations that are wrong are refused with the line of the call and what to do."""

import pytest

from autograder.errors import GradlabError
from autograder.proving.load import load_faults, read_faults
from tests.proving.conftest import IMPORTS
from tests.toy import SOURCE, edited, toy_course

RIGHT = {
    "exercise": '"double"',
    "caught_by": '"doubles_numbers"',
    "says": '"You squared the input."',
    "change": '("2 * x", "x * x")',
}


def declaration(name='"squares"', **changes):
    arguments = RIGHT | changes
    words = ", ".join(f"{key}={value}" for key, value in arguments.items() if value)
    return f"{IMPORTS}\n# the call is on line 4\nmisconception({name}, {words})\n"


def load(tmp_path, text, **texts):
    return load_faults(toy_course(tmp_path, misconceptions=text, **texts).lab("toy"))


def test_a_change_is_made_in_the_solution_without_markers(tmp_path):
    (variation,) = load(tmp_path, declaration())
    assert variation.source == 'def double(x):\n    """Return twice x."""\n    return x * x'
    assert variation.fault.caught_by == ("doubles_numbers",)
    assert variation.fault.line == 4


def test_changes_are_made_one_after_another(tmp_path):
    change = '[("2 * x", "3 * x"), ("3 * x", "4 * x")]'
    (variation,) = load(tmp_path, declaration(change=change))
    assert variation.source.endswith("return 4 * x")


def test_a_whole_cell_may_be_indented(tmp_path):
    code = "'''\n    def double(x):\n        return x * x\n    '''"
    (variation,) = load(tmp_path, declaration(change="", code=code))
    assert variation.source == "def double(x):\n    return x * x"


def test_two_labs_do_not_share_declarations(tmp_path):
    toy_course(tmp_path, name="one", misconceptions=declaration('"first"'))
    course = toy_course(tmp_path, name="two", misconceptions=declaration('"second"'))
    names = [[v.fault.name for v in load_faults(lab)] for lab in course.labs()]
    assert names == [["first"], ["second"]]


def test_the_file_may_be_missing(tmp_path):
    assert load_faults(toy_course(tmp_path).lab("toy")) == []


@pytest.mark.parametrize(
    ("text", "what", "found"),
    [
        (
            declaration(change='("return 5 * x", "x")'),
            "cannot be applied",
            "line is 'return 2 *",
        ),
        (declaration(change='("x", "y")'), "cannot be applied", "3 times"),
        (declaration(change='("2*x", "x")'), "cannot be applied", "other spaces"),
        (declaration(change='("", "x")'), "cannot be applied", "nowhere"),
        (declaration(change='("2 * x", "2*x  # twice")'), "changes nothing", "the same code"),
        (declaration(change='("2 * x", "2 *")'), "not valid Python", "return 2 *"),
        (declaration(change="", code="'return 1'"), "not valid Python", "outside function"),
        (declaration(change=""), "does not say what it changes", "neither"),
        (declaration(code="'x = 1'"), "does not say what it changes", "both"),
        (declaration(change='("2 * x",)'), "not a pair", "('2 * x',)"),
        (declaration(exercise='"dubble"'), "not in the source", "'dubble'"),
        (declaration(caught_by='"nobody"'), "does not exist", "'nobody'"),
        (declaration(caught_by='"one_column"'), "does not exist", "'one_column'"),
        (declaration(caught_by="()"), "names no check", "empty"),
        (declaration('"no good"'), "name that cannot be used", "'no good'"),
    ],
)
def test_a_wrong_declaration_is_refused(tmp_path, text, what, found):
    with pytest.raises(GradlabError) as caught:
        load(tmp_path, text)
    assert what in caught.value.what
    assert "misconceptions.py:4: misconception '" in caught.value.what
    assert found in caught.value.found
    assert caught.value.expected
    assert caught.value.mend or "name" in caught.value.what


def test_the_solution_has_moved_on(tmp_path):
    source = edited(SOURCE, "return 2 * x", "return x + x")
    with pytest.raises(GradlabError, match="cannot be applied to the solution of 'double'"):
        load(tmp_path, declaration(), source=source)


def test_a_name_is_declared_twice(tmp_path):
    with pytest.raises(GradlabError) as caught:
        load(tmp_path, declaration() + declaration(change='("2", "3")'))
    assert "misconceptions.py:8" in caught.value.what
    assert "misconceptions.py:4" in caught.value.found


def test_a_name_is_declared_as_both_kinds(tmp_path):
    both = f'{IMPORTS}alternative("squares", exercise="double", change=("2 * x", "x + x"))'
    with pytest.raises(GradlabError, match="declared twice"):
        load(tmp_path, declaration(), alternatives=both)


def test_an_alternative_among_the_misconceptions_is_refused(tmp_path):
    text = f'{IMPORTS}alternative("adds", exercise="double", change=("2 * x", "x + x"))'
    with pytest.raises(GradlabError, match="wrong file"):
        load(tmp_path, text)


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    text = declaration() + declaration('"b"', exercise='"x"') + declaration('"c"', caught_by="()")
    variations, problems = read_faults(toy_course(tmp_path, misconceptions=text).lab("toy"))
    assert [variation.fault.name for variation in variations] == ["squares"]
    assert ["'b'" in problems[0].what, "'c'" in problems[1].what] == [True, True]
