"""`gradlab verify` records what misconceptions give, and knows when it is out of date."""

import json

from autograder.catalog import Course
from autograder.checks import run_checks
from autograder.proving.recorded import is_recorded, write_recorded
from tests.proving.conftest import MISCONCEPTIONS
from tests.proving.test_command import gradlab  # noqa: F401 (a fixture)
from tests.toy import edited

CHANCE = """
misconception("guesses", exercise="double", caught_by="doubles_arrays",
    says="You return something that chance gives.",
    change=("return 2 * x", "return 2 * x + np.random.default_rng().normal(size=np.shape(x))"))
misconception("counts", exercise="mean_rows", caught_by="one_mean_for_each_row",
    says="You return something that grows from call to call.",
    code='''
CALLS = []
def mean_rows(x):
    CALLS.append(1)
    return x.mean(axis=1) + len(CALLS)
''')
misconception("nothing", exercise="mean_rows", caught_by="one_mean_for_each_row",
    says="You return zero for each row.", change=("return total", "return 0 * total"))
"""


def test_what_is_the_same_each_time_is_recorded(prove):
    proof = prove(misconceptions=MISCONCEPTIONS + CHANCE)
    assert proof.problems == ()
    recorded = {one.name: set(one.sketches) for one in proof.mistakes}
    # A single number says too little, so `adds_three` and `doubles_numbers` are not there.
    assert recorded == {
        "squares": {"doubles_arrays"},
        "sums": {"one_mean_for_each_row"},
        "forgets_double": {"one_mean_for_each_row", "one_column"},
    }


def test_the_file_is_written_once_and_compared(course, gradlab, capsys):  # noqa: F811
    made = course()
    path = made.lab("toy").hidden_folder / "mistakes.json"
    assert gradlab(made, "--mutants", "0") == 0
    assert f"written: {path}" in capsys.readouterr().out
    text = path.read_bytes()
    assert [entry["name"] for entry in json.loads(text)["mistakes"]] == [
        "squares", "sums", "forgets_double",
    ]  # fmt: skip
    assert gradlab(made, "--mutants", "0", "--check") == 0
    assert path.read_bytes() == text
    # Another machine rounds otherwise: the file stays as it is.
    number = json.loads(text)["mistakes"][0]["values"]["doubles_arrays"][1]
    nearly = edited(text.decode(), str(number), str(round(number + 2e-6, 6))).encode()
    path.write_bytes(nearly)
    assert gradlab(made, "--mutants", "0") == 0
    assert path.read_bytes() == nearly


def test_another_sentence_makes_the_file_stale(course, gradlab, capsys):  # noqa: F811
    made = course()
    path = made.lab("toy").hidden_folder / "mistakes.json"
    assert gradlab(made, "--mutants", "0", "--check") == 1
    assert "no file" in capsys.readouterr().out
    assert not path.exists()
    path.write_text("{broken")
    assert gradlab(made, "--mutants", "0", "--check") == 1
    assert "mistakes.json is not what the misconceptions give today" in capsys.readouterr().out
    assert gradlab(made, "--mutants", "0") == 0
    path.write_text(edited(path.read_text(), "You squared the input.", "You did."))
    assert gradlab(made, "--mutants", "0", "--check") == 1
    assert "You did." in path.read_text()


def test_a_student_with_a_recorded_mistake_reads_its_sentence(prove, tmp_path):
    proof = prove()
    lab = Course(tmp_path).lab("toy")
    write_recorded(lab, proof.mistakes)
    assert is_recorded(lab, proof.mistakes)
    verdict = run_checks(
        lab.checks()["double"],
        {"double": lambda x: x**2},
        lab="toy",
        seed=lab.course.settings.seed,
    )
    assert verdict.outcomes[1].hint == "You squared the input. Multiply it by two."
    write_recorded(lab, ())
    assert not (lab.hidden_folder / "mistakes.json").exists()
