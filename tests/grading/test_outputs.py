"""Whatever a student's process sends, what is kept is well formed and bounded."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.checks.verdict import MIME, Outcome, Verdict
from autograder.grading.outputs import received, verdict_outputs, where_it_was


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def shown(kind="display_data", **data):
    return {"output_type": kind, "data": data, "metadata": {}}


def raised(*lines):
    return {"output_type": "error", "ename": "E", "evalue": "", "traceback": list(lines)}


def test_what_is_well_formed_is_kept_in_order():
    sent = [stream("a\n"), shown(**{"text/plain": "b"}), raised("c"), stream("d", "stderr")]
    kept, cut = received(sent, 1000)
    assert [output.output_type for output in kept] == ["stream", "display_data", "error", "stream"]
    assert not cut


@pytest.mark.parametrize(
    "sent",
    [
        None,
        7,
        [],
        {},
        {"output_type": "stream"},
        {"output_type": "stream", "name": "stdout", "text": 3},
        {"output_type": "update_display_data", "data": {}},
        {"output_type": "error", "ename": 1, "evalue": "", "traceback": []},
        {"output_type": "display_data", "data": {"text/plain": {"nested": []}}},
        {"output_type": "display_data", "data": {3: "x"}},
        {"output_type": "display_data", "data": {MIME: "forged"}},
    ],
)
def test_what_is_not_well_formed_is_left_out_and_said(sent):
    kept, cut = received([sent, stream("after")], 1000)
    assert [output.text for output in kept] == ["after"]
    assert cut


def test_the_result_is_always_a_valid_notebook():
    odd = [stream("\ud800 \x00", "other"), shown(**{"image/png": "!!", "text/plain": "\udfff"})]
    kept, _ = received([*odd, raised("x", 4)], 1000)
    notebook = new_notebook(cells=[new_code_cell("x", outputs=kept)])
    nbformat.validate(notebook)
    nbformat.writes(notebook).encode("utf-8")


def test_a_verdict_cannot_be_sent():
    forged = shown(**{MIME: "{}", "text/plain": "all points"})
    kept, _ = received([forged], 1000)
    assert MIME not in kept[0].data


def test_output_beyond_the_limit_is_left_out_but_errors_stay():
    kept, cut = received([stream("x" * 90), stream("y" * 90), raised("z" * 90)], 150)
    assert [output.output_type for output in kept] == ["stream", "error"]
    assert cut


def test_a_progress_bar_leaves_its_last_state():
    kept, _ = received([stream("\r 10%\r 50%\r100%\ndone\n")], 1000)
    assert kept[0].text == "100%\ndone\n"


def test_the_engines_own_lines_are_not_in_a_traceback():
    ours = "File \x1b[32m/libraries/student/process.py\x1b[0m:9, in f"
    lines = ["Cell In[3], line 1", "----> 1 while True: pass", ours, "    143 raise"]
    kept, _ = received([raised(*lines)], 1000)
    assert where_it_was(kept) == lines[:2]


def test_a_verdict_is_shown_with_its_points_unless_they_are_a_bonus():
    verdict = Verdict("toy", "x", (Outcome("n", "title", 4.0, 3.0, "failed"),))
    table, points = verdict_outputs(verdict, bonus=False)
    assert table.data[MIME]["points"] == 3
    assert points.data["text/plain"] == "3.0"
    assert len(verdict_outputs(verdict, bonus=True)) == 1
