"""What a cell shows is kept in a notebook's form and within a bound."""

from autograder.student.display import OUTPUT_COST, Outputs, Stream


def test_pieces_of_a_stream_become_one_output():
    outputs = Outputs(1000)
    for name, text in [("stdout", "a\n"), ("stdout", "b\n"), ("stderr", "w"), ("stdout", "c")]:
        outputs.stream(name, text)
    assert [(o["name"], o["text"]) for o in outputs.finished()] == [
        ("stdout", "a\nb\n"),
        ("stderr", "w"),
        ("stdout", "c"),
    ]
    assert not outputs.cut


def test_printing_without_end_is_cut_and_takes_no_more_memory():
    outputs = Outputs(100 + OUTPUT_COST)
    for _ in range(1000):
        outputs.stream("stdout", "x" * 30)
    assert outputs.cut
    assert outputs.finished()[0]["text"] == "x" * 100
    assert len(outputs.items) == 1


def test_pictures_are_kept_whole_or_not_at_all():
    outputs = Outputs(100 + OUTPUT_COST)
    outputs.rich("display_data", {"image/png": b"x" * 60})
    outputs.rich("display_data", {"image/png": b"y" * 60})
    assert len(outputs.finished()) == 1
    assert len(outputs.items[0]["data"]["image/png"]) == 80
    assert outputs.cut


def test_an_error_is_kept_also_when_there_is_no_room():
    outputs = Outputs(10)
    outputs.stream("stdout", "x" * 100)
    outputs.error("E", "v" * 5000, ["start", "x" * 100_000, "end"])
    error = outputs.finished()[-1]
    assert error["traceback"][0] == "start"
    assert error["traceback"][-1] == "end"
    assert sum(map(len, error["traceback"])) < 21_000


def test_clearing_and_updating_work_as_in_a_notebook():
    outputs = Outputs(1000)
    outputs.stream("stdout", "old")
    outputs.clear(wait=True)
    outputs.rich("display_data", {"text/plain": "first"}, display_id="d")
    outputs.update({"text/plain": "second"}, "d")
    outputs.update({"text/plain": "nobody"}, "unknown")
    assert [o["data"]["text/plain"] for o in outputs.finished()] == ["second"]
    outputs.clear(wait=False)
    assert outputs.finished() == []


def test_a_stream_is_a_text_file():
    kept = []
    print("a", 1, file=Stream(kept.append))
    assert "".join(kept) == "a 1\n"
    assert not Stream(kept.append).isatty()
