"""Every flag and status that grading can give has words for the student."""

import re
from pathlib import Path

import autograder.grading
from autograder.reporting.words import ENDED, FLAGS, TO_DO, ended, in_words

GRADING = Path(autograder.grading.__file__).parent
INSTRUCTORS = {"timestamp"}


def in_source(pattern):
    text = "\n".join(path.read_text() for path in sorted(GRADING.glob("*.py")))
    return set(re.findall(pattern, text))


def test_each_flag_has_a_sentence():
    found = in_source(r'f?"([a-z]+(?: [a-z]+){0,2}): \S[^"]*"')
    assert {"changed", "process died", "renamed", "too long"} <= found
    assert {word for word in found if word not in FLAGS} <= INSTRUCTORS


def test_each_status_says_what_to_do():
    found = in_source(r'(?:NotGradable\(|status=|not_graded\(package, )"([a-z ]+)"')
    assert {"unreadable", "missing", "failed"} <= found
    assert found - {"graded"} == set(TO_DO)


def test_each_way_a_check_can_end_has_a_clause():
    found = in_source(r'error\("(\w+)"')
    assert found == set(ENDED)
    assert "SyntaxError" in ended("SyntaxError")


def test_a_flag_becomes_a_sentence_and_an_instructors_flag_does_not():
    assert in_words("changed: setup").startswith("The cell setup is locked.")
    assert in_words("timestamp: none") is None
