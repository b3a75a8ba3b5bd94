"""A right lab is proved; each thing that `verify` promises is broken once and reported."""

from autograder.checks import run_checks
from autograder.proving.verify import verify_lab
from tests.proving.conftest import ALTERNATIVES, IMPORTS, LIMITS, MISCONCEPTIONS, only, told
from tests.toy import CHECKS, SOURCE, edited


def test_a_right_lab_is_proved(course):
    proof = verify_lab(course().lab("toy"), explore=True, seeds=2)
    assert proof.problems == ()
    assert [exercise.name for exercise in proof.exercises] == ["double", "mean_rows", "triple"]
    assert [exercise.needs for exercise in proof.exercises] == [(), ("double",), ()]
    assert [exercise.unproved for exercise in proof.exercises] == [(), (), ()]
    assert (proof.count("misconception"), proof.count("alternative")) == (4, 1)


def test_what_a_lab_prints_or_asks_does_no_harm(prove):
    loud = 'import sys\nprint("{}")\nprint("no", file=sys.stderr)\nsys.stdin.read()\nSTEPS = 3'
    assert prove(source=edited(SOURCE, "STEPS = 3", loud)).problems == ()


def test_a_generated_file_is_stale(course):
    lab = course().lab("toy")
    lab.release_notebook.write_text(lab.release_notebook.read_text() + "\n")
    problem = only(verify_lab(lab))
    assert str(lab.release_notebook) in problem.what
    assert "gradlab build" in problem.mend


def test_a_source_that_cannot_be_read_is_a_problem(course):
    lab = course().lab("toy")
    lab.source_file.write_text(
        edited(
            SOURCE,
            '    ### END SOLUTION\n\n# %% tags=["check"] name="d',
            '\n# %% tags=["check"] name="d',
        )
    )
    assert "toy.py" in only(verify_lab(lab)).what


def test_the_solution_loses_points(prove):
    checks = edited(CHECKS, "close(student.triple(x), 3 * x)", "close(student.triple(x), 4 * x)")
    problem = only(prove(checks=checks))
    assert problem.what == "the solution of 'triple' does not earn the points of triples_numbers"
    assert "it fails: the result is" in problem.found


def test_a_visible_assert_fails_for_the_solution(prove):
    source = edited(SOURCE, "assert triple(1) == 3", "assert triple(1) == 4")
    problem = only(prove(source=source))
    assert "does not pass the visible asserts of 'triple_check'" in problem.what
    assert "assert triple(1) == 4" in problem.found


def test_the_solution_ends_the_process(prove):
    source = edited(SOURCE, "STEPS = 3", "import os\nSTEPS = 3\nos._exit(4)")
    problem = only(prove(source=source))
    assert "end the process" in problem.what
    assert "exit code 4" in problem.found


def test_a_given_cell_does_not_run(prove):
    problem = told(prove(source=edited(SOURCE, "STEPS = 3", "STEPS = 3 / 0")), "'setup'")
    assert "ZeroDivisionError: division by zero, at line 3: STEPS = 3 / 0" in problem.found


def test_an_exercise_needs_a_later_cell(prove):
    source = edited(SOURCE, "return 2 * x", "return FACTOR * x")
    later = '# %% tags=["given"] name="late"\nFACTOR = 2\n\n# %% [markdown]\n# ## Mean of rows'
    source = edited(source, "# %% [markdown]\n# ## Mean of rows", later)
    text = f'{IMPORTS}alternative("adds", exercise="double", change=("FACTOR * x", "x + x"))'
    problem = only(prove(source=source, misconceptions=IMPORTS, alternatives=text))
    assert "'double' passes only after later cells" in problem.what
    assert "FACTOR" in problem.found


def test_an_exercise_needs_an_explore_cell(prove):
    source = edited(SOURCE, "return 3 * x", "curve(1)\n    return 3 * x")
    problem = told(prove(source=source), "earn the points of triples_numbers")
    assert "curve" in problem.found


def test_the_release_earns_points(prove):
    source = edited(SOURCE, "STEPS = 3", "STEPS = 3\n\n\ndef triple(x):\n    return 3 * x")
    head = 'def triple(x):\n    """Return three times x."""\n    ### BEGIN SOLUTION\n'
    source = edited(source, head, "### BEGIN SOLUTION\ndef triple(x):\n")
    source = edited(source, "return 3 * x\n    ### END", "return 3 * x\n### END")
    proof = prove(source=source)
    release = told(proof, "the untouched release earns 2 of 2 points for 'triple'")
    assert "triples_numbers" in release.found
    assert told(proof, "visible asserts of 'triple_check' pass on the stub")


def test_a_check_is_vacuous(prove):
    checks = edited(CHECKS, "close(student.triple(x), 3 * x)", "close(3 * x, 3 * x)")
    problem = told(prove(checks=checks), "is vacuous")
    assert "triples_numbers" in problem.what
    assert "nothing fails it" in problem.found


def test_a_check_that_the_stub_passes_may_still_be_failed_by_a_misconception(prove):
    tolerant = """try:
        y = student.triple(x)
    except Exception:
        return
    close(y, 3 * x)"""
    checks = edited(CHECKS, "close(student.triple(x), 3 * x)", tolerant)
    assert "adds_three" in told(prove(checks=checks), "is vacuous").found


def test_visible_asserts_pass_on_the_stub(prove):
    source = edited(SOURCE, "assert triple(1) == 3", "assert 3 * 1 == 3")
    problem = only(prove(source=source))
    assert "visible asserts of 'triple_check' pass on the stub" in problem.what


def test_a_check_cell_may_only_print(prove):
    source = edited(SOURCE, "assert triple(1) == 3", 'print("The hidden checks try numbers.")')
    assert prove(source=source).problems == ()


def test_a_check_that_only_the_stub_fails_is_listed(prove):
    text = edited(MISCONCEPTIONS, '("doubles_numbers", "doubles_arrays")', '"doubles_numbers"')
    text = edited(text, "x * x", "x * x if np.ndim(x) == 0 else 2 * x")
    proof = prove(misconceptions=text)
    assert proof.problems == ()
    assert proof.exercises[0].unproved == ("doubles_arrays",)


def test_an_alternative_loses_points(prove):
    text = ALTERNATIVES + 'alternative("whole", exercise="double", change=("2 * x", "2 * int(x)"))'
    proof = prove(alternatives=text)
    assert all("alternatives.py:4: alternative 'whole'" in p.what for p in proof.problems)
    found = told(proof, "does not earn the points of doubles_numbers").found
    assert "whole numbers (int64)" in found or "whole numbers" in found
    assert "TypeError" in told(proof, "does not earn the points of doubles_arrays").found


def test_a_check_raises_by_itself(prove):
    checks = edited(
        CHECKS, "close(student.triple(x), 3 * x)", "close(student.triple(x) * 1.0, 3 * x)"
    )
    text = f"""{MISCONCEPTIONS}
misconception("nothing", exercise="triple", caught_by="triples_numbers",
    says="You return nothing at all.", change=("3 * x", "None"))
"""
    problem = told(prove(checks=checks, misconceptions=text), "raised by itself")
    assert "triples_numbers" in problem.what
    assert "TypeError" in problem.found
    assert "close(student.triple(x) * 1.0, 3 * x)" in problem.found
    assert "misconception:nothing" in problem.found


def test_explore_cells_run_only_when_asked(prove):
    source = edited(SOURCE, "print(curve(STEPS))", "print(curve(STEPS), 1 / 0)")
    assert prove(source=source).problems == ()
    problem = only(prove({"explore": True}, source=source))
    assert "ZeroDivisionError" in problem.found


def test_a_cell_after_the_last_check_runs_too(prove):
    source = SOURCE + '\n# %% tags=["given"] name="last"\nprint(1 / 0)\n'
    problem = only(prove(source=source))
    assert "'last' does not run" in problem.what
    assert "ZeroDivisionError" in problem.found


def test_an_explore_cell_may_use_up_its_time(prove):
    source = edited(SOURCE, "print(curve(STEPS))", "while True:\n    pass")
    assert prove({"explore": True}, source=source).problems == ()


def test_a_check_with_a_lucky_seed(course):
    """A check that judges by its random draw passes with one seed and not with the next."""
    checks = edited(
        CHECKS, "close(student.triple(x), 3 * x)", "close(student.triple(x), abs(3 * x))"
    )
    lab = course(checks=checks).lab("toy")

    def passes(seed):
        verdict = run_checks(
            lab.checks()["triple"], {"triple": lambda x: 3 * x}, lab="toy", seed=seed
        )
        return verdict.points == verdict.max_points

    seed = next(seed for seed in range(1000) if passes(seed) and not passes(seed + 1))
    (lab.course.root / "autograder" / "course.toml").write_text(f"seed = {seed}\n{LIMITS}")
    lab = type(lab.course)(lab.course.root).lab("toy")
    problem = only(verify_lab(lab, seeds=2))
    assert problem.what.startswith(f"with the seed {seed + 1}: the solution of 'triple'")


def test_a_misconception_of_a_wrong_solution_waits(prove):
    """With a wrong solution only the solution is told: the rest would be noise."""
    source = edited(SOURCE, "return 3 * x", "return 3 + x")
    text = (
        MISCONCEPTIONS
        + """
misconception("extra", exercise="triple", caught_by="triples_numbers",
    says="You took the sign away.", change=("3 + x", "3 * x"))
"""
    )
    problem = told(prove(source=source, misconceptions=text), "triples_numbers")
    assert problem.what.startswith("the solution of 'triple'")
