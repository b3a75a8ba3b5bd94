"""What a cell shows is kept within a bound, and what scores are read from is never cut."""

import time

from nbformat.v4 import new_code_cell, new_output

from autograder.checks.verdict import MIME, Outcome, Verdict
from autograder.grading.execute import _plain_error
from autograder.grading.outputs import Outputs, error
from autograder.grading.points import automatic_points, judged


def message(kind, **content):
    return {"msg_type": kind, "header": {"msg_type": kind}, "content": content}


def stream(text, name="stdout"):
    return message("stream", name=name, text=text)


def shown(display_id=None, **data):
    transient = {"display_id": display_id} if display_id else {}
    return message("display_data", data=data, metadata={}, transient=transient)


def collected(*messages, limit=100):
    outputs = Outputs(limit)
    for one in messages:
        outputs.add(one)
    return outputs, outputs.finish()


def test_pieces_of_a_stream_become_one_output():
    outputs, found = collected(stream("a\n"), stream("b\n"), stream("w", "stderr"), stream("c"))
    assert [(o.name, o.text) for o in found] == [
        ("stdout", "a\nb\n"), ("stderr", "w"), ("stdout", "c")
    ]  # fmt: skip
    assert not outputs.cut


def test_a_progress_bar_leaves_its_last_state():
    _, found = collected(stream("\r 10%"), stream("\r 50%\r100%\ndone\n"))
    assert found[0].text == "100%\ndone\n"


def test_printing_without_end_is_cut_and_says_so():
    outputs, found = collected(*[stream("x" * 30) for _ in range(1000)])
    assert outputs.cut
    assert len(found[0].text) < 200
    assert "was cut" in found[0].text + found[-1].text


def test_a_verdict_a_result_and_an_error_survive_any_amount_of_printing():
    result = message("execute_result", data={"text/plain": "4.0"}, metadata={}, execution_count=1)
    raised = message("error", ename="E", evalue="", traceback=["y" * 300])
    _, found = collected(
        stream("x" * 500), shown(**{MIME: {"points": 4}, "text/plain": "z" * 200}), result, raised,
        shown(**{"text/plain": "gone" * 100}),
    )  # fmt: skip
    kinds = [o.output_type for o in found]
    assert kinds[1:4] == ["display_data", "execute_result", "error"]
    assert not any("gone" in str(o) for o in found)


def test_clearing_and_updating_work_as_in_a_notebook():
    update = message(
        "update_display_data", data={"text/plain": "new"}, transient={"display_id": "d"}
    )
    _, found = collected(
        stream("old"), message("clear_output", wait=True), shown("d", **{"text/plain": "first"}),
        update,
    )  # fmt: skip
    assert [o.data["text/plain"] for o in found] == ["new"]


def test_the_number_in_the_name_of_a_cells_file_is_taken_out():
    _, found = collected(stream("/tmp/x/ipykernel_123/99.py:3: UserWarning: hm", "stderr"))
    assert found[0].text == "<cell>:3: UserWarning: hm"


def check_cell(*outputs, points=4):
    nbgrader = {"grade": True, "solution": False, "grade_id": "x_check", "points": points}
    return new_code_cell("x", metadata={"nbgrader": nbgrader}, outputs=list(outputs))


def verdict(earned, points=4.0):
    outcome = Outcome("n", "title", points, earned, "passed" if earned == points else "failed")
    return new_output("display_data", {MIME: Verdict("toy", "x", (outcome,)).to_json()})


def result(text):
    return new_output("execute_result", {"text/plain": text})


def points_of(cell, limit=4.0):
    cell.outputs = judged(cell)
    return automatic_points(cell, limit)


def test_points_are_read_from_the_result_that_the_verdict_confirms():
    assert points_of(check_cell(verdict(3.0), result("3.0"))) == 3


def test_a_warning_on_stderr_costs_nothing():
    warning = new_output("stream", name="stderr", text="UserWarning")
    assert points_of(check_cell(warning, verdict(3.0), result("3.0"))) == 3


def test_no_output_is_no_points_where_nbgrader_would_give_all():
    assert points_of(check_cell()) == 0
    assert points_of(check_cell(verdict(4.0))) == 0
    assert points_of(check_cell(result("4.0"))) == 0


def test_a_result_that_is_not_the_verdicts_earns_nothing():
    for forged in ("4.0", "nan", "-1", "'all'", "1000"):
        assert points_of(check_cell(verdict(0.0), result(forged))) == 0
    assert points_of(check_cell(result("4.0"), verdict(0.0), result("0.0"))) == 0
    assert points_of(check_cell(verdict(9.0, 9.0), result("9.0"))) == 0


def test_an_error_costs_the_cell():
    assert points_of(check_cell(verdict(4.0), error("E", "x"), result("4.0"))) == 0
    assert points_of(check_cell(verdict(4.0), result("4.0"), error("E", "x"))) == 0


def test_bonus_points_come_from_the_verdict_and_are_bounded_by_the_lab():
    assert points_of(check_cell(verdict(2.0, 2.0), points=0), limit=2.0) == 2
    assert points_of(check_cell(verdict(9.0, 9.0), points=0), limit=2.0) == 2
    assert points_of(check_cell(points=0), limit=2.0) == 0


def test_an_error_in_a_check_cell_is_one_line_without_its_text():
    raised = new_output("error", ename="E", evalue="hidden", traceback=["hidden", "hidden"])
    plain = _plain_error(raised)
    assert "hidden" not in str(plain)
    assert len(plain.traceback) == 1


def test_a_line_without_end_takes_no_time():
    started = time.perf_counter()
    collected(stream("x" * 1_000_000), limit=1_000_000)
    assert time.perf_counter() - started < 1
