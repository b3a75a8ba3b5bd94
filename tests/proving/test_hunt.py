"""A change that nothing notices is a problem, unless `equivalent.py` says why it is right."""

from pathlib import Path

from autograder.proving.matrix import lab_section
from autograder.proving.mutation.equivalent import Equivalent
from autograder.proving.mutation.judge import mutant_problems
from autograder.proving.mutation.mutants import Mutant
from autograder.proving.report import report
from tests.proving.conftest import MISCONCEPTIONS, only, told
from tests.toy import CHECKS, SOURCE, edited
from tests.toy import write as write_file

HUNT = {"mutants": 1000}
IMPORT = "from autograder.proving import equivalent\n"
# A second argument that no check of the toy lab looks at.
LOOSE = edited(
    edited(SOURCE, "def triple(x):", "def triple(x, steps=STEPS):"),
    "return 3 * x",
    "if steps > 1:\n        x = x * 1.0\n    return 3 * x",
)
CHANGED = 'equivalent("triple", ("if steps > 1:", "if steps >= 1:"), because={!r})\n'
OTHERS = IMPORT + (
    'equivalent("triple", ("if steps > 1:", "if steps <= 1:"), ("if steps > 1:", '
    '"if not (steps > 1):"), ("if steps > 1:", "if steps > 2:"), ("if steps > 1:", '
    '"if steps > 0:"), ("if steps > 1: x = x * 1.0", "pass"), ("x = x * 1.0", "pass"), '
    '("x = x * 1.0", "x = x / 1.0"), ("x = x * 1.0", "x = x"), '
    'because="Floats stay what they are.")\n'
)


def explain(tmp_path, text):
    write_file(tmp_path / "autograder" / "labs" / "toy" / "equivalent.py", text)


def test_all_changes_of_the_toy_lab_are_noticed(prove):
    proof = prove(HUNT)
    assert proof.problems == ()
    assert proof.hunt.made == proof.hunt.tried > 20
    assert proof.hunt.survivors == ()
    assert f"{proof.hunt.tried} mutants: {proof.hunt.tried} noticed, 0 explained" in report(proof)
    assert f"Of {proof.hunt.tried} small changes" in lab_section(proof)


def test_a_survivor_is_a_problem_with_its_line(prove, tmp_path):
    explain(tmp_path, OTHERS)
    proof = prove(HUNT, source=LOOSE)
    problem = only(proof)
    assert "no check of 'triple' notices this change" in problem.what
    assert "- if steps > 1:\n    + if steps >= 1:" in problem.expected
    assert "1 not noticed" in report(proof)
    # What is offered can be copied into the file.
    offered = problem.mend.split("right:\n")[1]
    explain(tmp_path, OTHERS + offered.replace("    equivalent", "equivalent", 1))


def test_a_survivor_may_be_explained(prove, tmp_path):
    why = "No check says what steps is for."
    explain(tmp_path, OTHERS + CHANGED.format(why))
    proof = prove(HUNT, source=LOOSE)
    assert proof.problems == ()
    assert [reason for m, reason in proof.hunt.survivors if m.after == "if steps >= 1:"] == [why]
    text = lab_section(proof)
    assert f"@@ triple: {why}\n- if steps > 1:\n+ if steps >= 1:" in text


def test_an_explanation_that_matches_nothing(prove, tmp_path):
    explain(
        tmp_path,
        IMPORT + 'equivalent("triple", ("return 3 * x", "return x"), within="g", because="It is '
        'the same.")\nequivalent("triple", ("return 9 * x", "return x"), because="A b c.")\n',
    )
    proof = prove(HUNT)
    assert len(proof.problems) == 2
    problem = told(proof, "equivalent.py:2: equivalent('triple') explains a change")
    assert "is not among the mutants" in problem.what
    assert "in g" in problem.found
    assert "- return 9 * x" in told(proof, "equivalent.py:3").found


def test_an_explanation_of_what_a_check_notices(prove, tmp_path):
    explain(
        tmp_path,
        IMPORT + 'equivalent("triple", ("return 3 * x", "return 4 * x"), because="It is right.")',
    )
    problem = only(prove(HUNT))
    assert "explains a change that a check notices" in problem.what
    assert problem.found.startswith("triples_numbers: the result is")


def test_an_explanation_without_a_reason_or_a_pair(prove, tmp_path):
    explain(tmp_path, IMPORT + 'equivalent("triple", ("a", "b"), because="no")')
    assert "gives no reason" in only(prove(HUNT)).what
    explain(tmp_path, IMPORT + 'equivalent("triple", "a", because="It is all right.")')
    assert "does not say which change" in only(prove(HUNT)).what


def test_a_change_that_loops_is_ended_and_counts_as_noticed(prove):
    loop = "total = 0 * x\n    left = 3\n    while left > 0:\n        total = total + x\n"
    loop += "        left -= 1\n    return total"
    proof = prove(HUNT, source=edited(SOURCE, "return 3 * x", loop))
    assert proof.hunt.slow > 0
    assert not any("left" in mutant.before for mutant, _ in proof.hunt.survivors)
    assert "by taking too long" in report(proof)


def test_a_change_is_judged_by_the_exercises_that_need_it(prove):
    """Only `mean_rows` uses what `double` makes of a list, so only its checks can tell."""
    body = "if isinstance(x, list):\n        x = np.array(x) * 1.5\n    return 2 * x"
    source = edited(SOURCE, "return 2 * x", body)
    source = edited(source, "double(x).sum(axis=1)", "double(x.tolist()).sum(axis=1)")
    source = edited(source, "(2 * x.shape[1])", "(3 * x.shape[1])")
    declared = edited(MISCONCEPTIONS, '("double(x)", "x")', '("double(x.tolist())", "x")')
    proof = prove(HUNT, source=source, misconceptions=declared)
    assert not any("1.5" in m.before and "1.5" not in m.after for m, _ in proof.hunt.survivors)
    assert proof.exercises[1].needs == ("double",)


def test_a_check_that_a_change_makes_raise_is_at_fault(prove):
    checks = edited(CHECKS, "student.double(x), 2 * x, h", "student.double(np.ones(1))[0], 2.0, h")
    problem = told(prove(HUNT, checks=checks), "raised by itself")
    assert "doubles_numbers" in problem.what
    assert "not subscriptable" in problem.found
    assert "in the run of the change `return 2 * x` to `return 2`" in problem.found


def test_no_mutants_are_tried_of_a_wrong_solution(prove):
    source = edited(SOURCE, "return 3 * x", "return 4 * x")
    assert prove(HUNT, source=source).hunt.tried == 0


def test_only_so_many_are_tried(prove):
    proof = prove({"mutants": 5})
    assert (proof.hunt.tried, proof.problems) == (5, ())
    assert f"5 mutants of {proof.hunt.made}, which are too many" in report(proof)
    assert f"{proof.hunt.made - 5} more were left out" in lab_section(proof)


def test_what_is_said_of_a_mutant_that_was_not_tried_is_no_problem():
    mutant = Mutant("triple", "triple", "return 3 * x", "return x", "")
    pair = ((mutant.before, mutant.after),)
    said = Equivalent("triple", pair, "Nobody tried it.", "", Path("equivalent.py"), 2)
    assert mutant_problems([mutant], [], {}, [said]) == []
    assert len(mutant_problems([], [], {}, [said])) == 1
