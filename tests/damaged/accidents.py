"""The accidents: each a small function that damages a worked notebook, with what should follow.

An accident gets the notebook as JSON data and the course, and returns the file's bytes, or
changes the notebook in place. `score` counts bonus points; the two answers, of a point each,
wait for a person. `gone` names the pieces of the student's work that the accident took itself.
"""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

import nbformat

from autograder.authoring.notebooks import solution_notebook, write
from tests.damaged.books import (
    WORK,
    as_bytes,
    at,
    code,
    copy_of,
    find,
    lines,
    markdown,
    merge,
    retyped,
    source,
    take,
    worked,
)

ANSWERS = ("why_mean", "why_twice")
EVERYTHING = tuple(WORK)
LOST = "metadata: was lost, the cells were found by their text"


@dataclass(frozen=True)
class Accident:
    damage: Callable
    status: str
    score: float
    flags: frozenset[str]
    told: str
    gone: tuple[str, ...]
    waiting: tuple[str, ...]

    def file(self, lab):
        """Return the damaged file's bytes."""
        book = worked(lab)
        done = self.damage(book, lab.course)
        return as_bytes(book) if done is None else done


ACCIDENTS: dict[str, Accident] = {}


def graded(score=10, *flags, gone=(), waiting=ANSWERS):
    return _accident("graded", score, flags, "", gone, waiting)


def refused(status, told):
    return _accident(status, 0, (), told, EVERYTHING, ())


def _accident(status, score, flags, told, gone, waiting):
    def register(damage):
        name = damage.__name__
        assert name not in ACCIDENTS
        ACCIDENTS[name] = Accident(damage, status, score, frozenset(flags), told, gone, waiting)
        return damage

    return register


# Copied cells


@graded(10, "copied: double")
def copied_stub_below_the_answer(book, course):
    stub = copy_of(find(book, "double"))
    stub["source"] = lines('def double(x):\n    """Return twice x."""\n    ' + STUB)
    book["cells"].insert(at(book, "double_check"), stub)


@graded(10, "copied: double")
def copied_to_begin_something_else(book, course):
    other = copy_of(find(book, "double"))
    other["source"] = lines("print([double(n) for n in range(3)])")
    book["cells"].append(other)


@graded(10, "copied: double", "moved: double_check", gone=("double",))
def copied_below_the_check_and_improved(book, course):
    better = copy_of(find(book, "double"))
    better["source"] = lines("def double(x):\n    return x * 2  # better")
    find(book, "double")["source"] = lines("def double(x):\n    return x * x")
    book["cells"].insert(at(book, "double_check") + 1, better)


@graded(10, "copied: double")
def copied_and_the_old_attempt_kept_as_text(book, course):
    old = copy_of(retyped(find(book, "double"), "markdown"))
    old["source"] = lines("def double(x):\n    return x * x  # first attempt")
    book["cells"].insert(at(book, "double_check"), old)


@graded(10, "copied: why_mean")
def copied_answer_for_notes(book, course):
    notes = copy_of(find(book, "why_mean"))
    notes["source"] = lines("Read chapter 2 before the test.")
    book["cells"].append(notes)


@graded(10, "copied: double_check")
def copied_check(book, course):
    book["cells"].append(copy_of(find(book, "double_check")))


@graded(10, "copied: setup")
def copied_and_changed_setup(book, course):
    copy = copy_of(find(book, "setup"))
    copy["source"] = lines("import numpy as np\n\nSTEPS = 5  # more")
    book["cells"].insert(0, copy)


# Deleted cells


@graded(6, "deleted: double", gone=("double",))
def deleted_exercise(book, course):
    take(book, "double")


@graded(10, "deleted: double_check")
def deleted_check(book, course):
    take(book, "double_check")


@graded(10, "deleted: mean_rows_check")
def deleted_check_below_a_helper(book, course):
    take(book, "mean_rows_check")
    exercise = at(book, "mean_rows")
    book["cells"].insert(exercise, book["cells"].pop(exercise - 1))


@graded(10, *(f"deleted: {name}_check" for name in ("double", "mean_rows", "triple")))
def deleted_checks_all(book, course):
    for name in ("double_check", "mean_rows_check", "triple_check"):
        take(book, name)


@graded(10, "deleted: setup")
def deleted_setup(book, course):
    take(book, "setup")


@graded(10, "deleted: why_mean", gone=("why_mean",), waiting=("why_twice",))
def deleted_answer(book, course):
    take(book, "why_mean")


@graded(10, *(f"deleted: {name}_check" for name in ("double", "mean_rows", "triple")))
def deleted_all_but_the_work(book, course):
    mine = [find(book, name) for name in ("setup", "double", "mean_rows", "triple", *ANSWERS)]
    book["cells"] = [code(WORK["helper"]), *mine, markdown(WORK["notes"])]


# Merged cells


@graded(10, "merged: mean_rows is in the cell double")
def merged_into_the_first_exercise(book, course):
    merge(book, "double", "mean_rows")


@graded(10, "merged: mean_rows is in the cell double", "moved: double_check")
def merged_into_the_second_exercise(book, course):
    merge(book, "double", "mean_rows", into="mean_rows")


@graded(
    10,
    *(f"merged: {name} is in the cell double" for name in ("mean_rows", "triple")),
    *(f"moved: {name}_check" for name in ("double", "mean_rows", "triple")),
)
def merged_everything_below_the_checks(book, course):
    merge(book, "double", "mean_rows", "triple")
    helper = book["cells"].pop(at(book, "mean_rows_check") - 1)
    everything = take(book, "double")
    place = at(book, "why_mean")
    book["cells"][place:place] = [helper, everything]


@graded(10, "deleted: double_check")
def merged_exercise_with_its_check(book, course):
    merge(book, "double", "double_check")


@graded(10, "merged: double_check is in the cell double")
def merged_exercise_into_its_check(book, course):
    merge(book, "double", "double_check", into="double_check")


@graded(10, "merged: setup is in the cell double")
def merged_exercise_into_setup(book, course):
    merge(book, "setup", "double")


@graded(
    10,
    "deleted: double_check",
    "merged: mean_rows is in the cell double",
)
def merged_two_exercises_and_a_check(book, course):
    merge(book, "double", "double_check", "mean_rows")


@graded(6, "deleted: mean_rows", gone=("double", "mean_rows"))
def merged_before_the_second_was_written(book, course):
    find(book, "double")["source"] = lines("def double(x):\n    return 2.0 * x")
    stub = 'def mean_rows(x):\n    """Return the mean of each row of x."""\n    '
    find(book, "mean_rows")["source"] = lines(stub + STUB.replace("double", "mean_rows"))
    merge(book, "double", "mean_rows")


@graded(10, "merged: why_twice is in the cell why_mean")
def merged_answers(book, course):
    merge(book, "why_mean", "why_twice")


@graded(10)
def merged_answer_with_the_text_above(book, course):
    answer = take(book, "why_twice")
    book["cells"].append(markdown("## Questions\n\n" + source(answer)))


@graded(10, LOST, "merged: mean_rows is in the cell double")
def merged_and_without_metadata(book, course):
    merge(book, "double", "mean_rows")
    for cell in book["cells"]:
        cell["metadata"] = {}
        del cell["id"]


# Split cells


def split(book, name, first, second):
    """Put two cells in the place of one, with the text of the first and of the second half."""
    place = at(book, name)
    text = source(book["cells"][place])
    half = text.rindex("\n\n" if "\n\n" in text else "\n")
    first["source"], second["source"] = lines(text[:half]), lines(text[half:].lstrip("\n"))
    book["cells"][place : place + 1] = [first, second]


def with_part(book):
    find(book, "double")["source"] = lines(f"two = 2\n\n{WORK['double']}")
    return find(book, "double")


@graded(10)
def split_and_the_first_part_keeps_the_metadata(book, course):
    split(book, "double", with_part(book), code(""))


@graded(10)
def split_and_the_last_part_keeps_the_metadata(book, course):
    cell = with_part(book)
    split(book, "double", code(""), cell)


@graded(10, "copied: double")
def split_and_both_parts_keep_the_metadata(book, course):
    cell = with_part(book)
    split(book, "double", cell, copy_of(cell))


@graded(10, "copied: why_mean")
def split_answer(book, course):
    cell = find(book, "why_mean")
    split(book, "why_mean", cell, copy_of(cell))


@graded(10, "changed: double_check")
def split_check(book, course):
    split(book, "double_check", find(book, "double_check"), code(""))


# Reordered cells


@graded(10, "moved: double")
def moved_exercise_to_the_end(book, course):
    book["cells"].append(take(book, "double"))


@graded(10, "moved: double_check")
def moved_check_to_the_top(book, course):
    book["cells"].insert(0, take(book, "double_check"))


@graded(10, "moved: double_check")
def moved_check_above_its_exercise(book, course):
    book["cells"].insert(at(book, "double"), take(book, "double_check"))


@graded(10, "moved: setup")
def moved_setup_to_the_end(book, course):
    book["cells"].append(take(book, "setup"))


@graded(
    6,  # the cell with the helper stays behind the check that needs it
    *(f"moved: {name}" for name in ("setup", "double", "mean_rows", "triple", "why_mean")),
    *(f"moved: {name}_check" for name in ("double", "mean_rows", "triple")),
)
def moved_all_into_reverse(book, course):
    book["cells"].reverse()


@graded(10)
def extra_cells_before_setup(book, course):
    book["cells"][:0] = [code("%matplotlib inline"), code("1 / 0"), markdown("Jo Doe, group 3")]


# Other cell types


@graded(10, "cell type: double was markdown")
def exercise_as_markdown(book, course):
    book["cells"][at(book, "double")] = retyped(find(book, "double"), "markdown")


@graded(10, "cell type: double was raw", "cell type: double_check was raw")
def exercise_and_check_as_raw(book, course):
    for name in ("double", "double_check"):
        book["cells"][at(book, name)] = retyped(find(book, name), "raw")


@graded(10, "cell type: why_mean was code")
def answer_as_code(book, course):
    book["cells"][at(book, "why_mean")] = retyped(find(book, "why_mean"), "code")


@graded(10)
def cell_types_missing(book, course):
    for cell in book["cells"]:
        del cell["cell_type"]


# Locked cells


@graded(10, "changed: setup", "changed: double_check")
def changed_locked_cells(book, course):
    find(book, "setup")["source"] = lines("import numpy as np\nimport math  # mine\nSTEPS = 4")
    find(book, "double_check")["source"] = lines("print(double(21))")


@graded(6, "changed: double_check", gone=("double",))
def solved_in_the_locked_cell_and_the_stub_left(book, course):
    find(book, "double")["source"] = lines("def double(x):\n    " + STUB)
    find(book, "double_check")["source"] = lines("def double(x):\n    return 2 * x")


# Metadata


@graded(10, LOST)
def metadata_stripped(book, course):
    for cell in book["cells"]:
        cell["metadata"] = {}
    book["metadata"] = {}


@graded(10, LOST)
def metadata_and_ids_stripped(book, course):
    for cell in book["cells"]:
        cell["metadata"] = {}
        del cell["id"]


@graded(10, LOST)
def metadata_stripped_and_a_question_edited(book, course):
    for cell in book["cells"]:
        cell["metadata"] = {}
        del cell["id"]
        cell["source"] = lines(source(cell).replace("its numbers", "the numbers"))


@graded(10, LOST, "format: nbformat ?.?")
def metadata_of_wrong_types(book, course):
    wrong = [None, [], "x", 3, {"nbgrader": "double"}, {"nbgrader": {"grade_id": ["double"]}}]
    for number, cell in enumerate(book["cells"]):
        cell["metadata"] = wrong[number % len(wrong)]
    book.update(metadata=[{"kernelspec": 3}], nbformat=None, nbformat_minor="x")


@graded(10, "metadata: double_check")
def metadata_nested_very_deep(book, course):
    # It can be read, but what walks the result meets Python's limit.
    deep = b'{"a": ' * 800 + b"1" + b"}" * 800
    find(book, "double_check")["metadata"]["nbgrader"]["points"] = "DEEP"
    book["nbformat_minor"] = book["cells"][0]["metadata"] = "DEEP"
    return as_bytes(book).replace(b'"DEEP"', deep)


@graded(10, "metadata: double_check", "metadata: mean_rows_check")
def points_edited(book, course):
    find(book, "double_check")["metadata"]["nbgrader"]["points"] = 400
    find(book, "mean_rows_check")["metadata"]["nbgrader"]["points"] = float("nan")


@graded(10, *(f"metadata: {name}" for name in ("setup", "double_check", "mean_rows")))
def locked_flags_edited(book, course):
    find(book, "setup")["metadata"]["nbgrader"].update(locked=False, solution=True)
    find(book, "double_check")["metadata"]["nbgrader"].update(grade=False, locked=False)
    find(book, "mean_rows")["metadata"]["nbgrader"].update(solution=False, locked=True)


@graded(10)
def grade_ids_renamed(book, course):
    find(book, "double")["metadata"]["nbgrader"]["grade_id"] = "cell-4f1b"
    del find(book, "triple")["metadata"]["nbgrader"]["grade_id"]


@graded(10)
def ids_all_the_same(book, course):
    for cell in book["cells"]:
        cell["id"] = "a1"


@graded(10)
def ids_not_valid(book, course):
    for number, cell in enumerate(book["cells"]):
        cell["id"] = [None, 7, "", "with space", "x" * 65, "ü"][number % 6]


@graded(10)
def tags_not_valid(book, course):
    book["cells"][at(book, "mean_rows") - 1]["metadata"]["tags"] = ["a", "a", "", None, ["d"]]
    book["cells"][-1]["metadata"]["tags"] = ["b,c"]
    book["cells"][0]["metadata"]["tags"] = "explore"


@graded(10, "kernel: ir")
def wrong_kernel(book, course):
    book["metadata"]["kernelspec"] = {"display_name": "R", "language": "R", "name": "ir"}
    book["metadata"]["language_info"] = {"name": "R", "file_extension": ".r"}


@graded(10)
def own_environment_as_kernel(book, course):
    kernel = {"display_name": "dl (3.12)", "language": "python", "name": "conda-env-dl-py"}
    book["metadata"]["kernelspec"] = kernel


@graded(10, "kernel: " + "a?" * 40)
def kernel_name_that_breaks_a_table(book, course):
    book["metadata"]["kernelspec"] = {"name": "a;" * 1000, "language": "a\nb"}


# Other labs


@graded(10)
def pasted_cells_of_another_lab(book, course):
    for cell in worked_cells(course.lab("other"))[2:]:
        book["cells"].insert(3, cell)


@graded(10, "copied: setup")
def pasted_setup_of_another_lab(book, course):
    book["cells"].insert(0, worked_cells(course.lab("other"))[1])


@graded(0, "not this lab: only setup was found", "changed: setup", gone=EVERYTHING, waiting=())
def another_labs_notebook(book, course):
    book["cells"] = worked_cells(course.lab("other"))


@graded(0, "not this lab: none of its cells was found", gone=EVERYTHING, waiting=())
def a_notebook_of_no_lab(book, course):
    book["cells"] = [code("print('hello')"), markdown("My first notebook")]


# What other tools write


@graded(10)
def saved_by_colab(book, course):
    return colab(book)


@graded(10, LOST)
def saved_by_colab_after_an_upload_without_nbgraders_metadata(book, course):
    for cell in book["cells"]:
        cell["metadata"] = {}
        del cell["id"]
    return colab(book)


@graded(10)
def saved_by_vs_code(book, course):
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            cell["metadata"]["vscode"] = {"languageId": "python"}
    python = {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": "3.12.3",
    }
    book["metadata"] = {
        "kernelspec": {"display_name": ".venv", "language": "python", "name": "python3"},
        "language_info": python,
        "orig_nbformat": 4,
    }
    return json.dumps(book, indent=1, ensure_ascii=False).rstrip("\n").encode()


@graded(10, "format: nbformat 3.0")
def format_3(book, course):
    notebook = nbformat.from_dict(json.loads(as_bytes(book)))
    for cell in notebook.cells:
        cell.source = "".join(cell.source)
    return json.dumps(nbformat.convert(notebook, 3)).encode()


@graded(10)
def format_4_0(book, course):
    book["nbformat_minor"] = 0
    for cell in book["cells"]:
        del cell["id"]


@graded(10, "format: nbformat 5.2")
def format_of_the_future(book, course):
    book.update(nbformat=5, nbformat_minor=2)
    for cell in book["cells"]:
        cell["future"] = {"lines": 3}


@graded(10)
def sources_as_one_string(book, course):
    for cell in book["cells"]:
        cell["source"] = source(cell)


@graded(10)
def sources_as_odd_lists(book, course):
    for cell in book["cells"]:
        cell["source"] = [*source(cell), None, 3, ["x"]]  # a letter each, and what is no text


@graded(10)
def huge_outputs(book, course):
    text = {"output_type": "stream", "name": "stdout", "text": ["0.123456789\n"] * 200_000}
    image = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * 5_000_000}}
    find(book, "double")["outputs"] = [text, image]


@refused("too large", "2001 cells")
def too_many_cells(book, course):
    book["cells"] = [code("x = 1") for _ in range(2001)]


# The file itself


@graded(10)
def byte_order_mark(book, course):
    return b"\xef\xbb\xbf" + as_bytes(book)


@graded(10)
def utf_16_as_powershell_writes_it(book, course):
    return as_bytes(book).decode().encode("utf-16")


@graded(10)
def line_ends_of_windows(book, course):
    for cell in book["cells"]:
        cell["source"] = lines(source(cell).replace("\n", "\r\n"))
    return as_bytes(book).replace(b"\n", b"\r\n")


@graded(10)
def line_ends_of_old_macs(book, course):
    for cell in book["cells"]:
        cell["source"] = source(cell).replace("\n", "\r")


@graded(10, "encoding: not UTF-8, read as Windows-1252")
def encoding_of_windows(book, course):
    return as_bytes(book).decode().encode("cp1252")


@graded(10, "encoding: not UTF-8, read as Windows-1252", gone=("notes",))
def one_byte_damaged(book, course):
    return as_bytes(book).replace(b"My notes", b"My\xffnotes")


@graded(10)
def half_of_a_surrogate_pair(book, course):
    book["cells"].append(code("face = '\ud83d'"))
    return json.dumps(book).encode()


@graded(6, gone=("double",))
def nul_in_a_cell(book, course):
    find(book, "double")["source"] = lines(WORK["double"] + "\0")


@graded(10, gone=("notes",))
def line_end_inside_a_string(book, course):
    return as_bytes(book).replace(b"Ask about", b"Ask\nabout")


@graded(10)
def nuls_behind_the_end(book, course):
    return as_bytes(book) + b"\0" * 4096


@refused("unreadable", "git conflict")
def merge_conflict(book, course):
    text = as_bytes(book).decode()
    line = next(line for line in text.split("\n") if "return x + x" in line)
    both = f"<<<<<<< HEAD\n{line}\n=======\n{line}\n>>>>>>> main"
    return text.replace(line, both).encode()


@refused("empty", "empty")
def empty_file(book, course):
    return b""


@refused("empty", "empty")
def file_of_nuls(book, course):
    return b"\0" * 4099


@refused("empty", "empty")
def byte_order_mark_alone(book, course):
    return "".encode("utf-16")


@refused("empty", "no cell")
def no_text_in_any_cell(book, course):
    book["cells"] = [code(""), code(" \n"), markdown("")]


@refused("unreadable", "cut off")
def truncated(book, course):
    whole = as_bytes(book)
    return whole[: len(whole) // 2]


@refused("unreadable", "not text")
def truncated_inside_utf_16(book, course):
    return as_bytes(book).decode().encode("utf-16")[:-3]


@refused("unreadable", "zip archive")
def zip_archive(book, course):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("toy.ipynb", as_bytes(book))
    return file.getvalue()


@refused("unreadable", "PDF")
def printed_as_pdf(book, course):
    return b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"


@refused("unreadable", "'import numpy as np'")
def python_script(book, course):
    return b"import numpy as np\n\n\ndef double(x):\n    return 2 * x\n"


@refused("unreadable", "'# Notes'")
def markdown_with_a_line_of_equal_signs(book, course):
    return b"# Notes\n\nTitle\n=======\n"


@refused("unreadable", "web page")
def web_page(book, course):
    return b"\n<!DOCTYPE html>\n<html><body>Sign in</body></html>\n"


@refused("unreadable", "Google Drive")
def shortcut_to_google_drive(book, course):
    link = {"": "WARNING! DO NOT EDIT THIS FILE!", "doc_id": "1Fq", "email": "jo@example.edu"}
    return json.dumps(link).encode()


@refused("unreadable", "no list of cells")
def json_of_another_kind(book, course):
    return b'{"name": "toy", "cells": {"0": {}}}'


@refused("unreadable", "cannot be read")
def json_nested_too_deep(book, course):
    return b'{"cells": ' + b"[" * 200_000


@refused("unreadable", "not text")
def picture(book, course):
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff"


STUB = '# YOUR CODE HERE\n    raise NotImplementedError("double is not written yet")'


def nested(depth):
    value = {}
    for _ in range(depth):
        value = {"a": value}
    return value


def worked_cells(lab):
    return json.loads(write(solution_notebook(lab)))["cells"]


def colab(book):
    """Return a notebook as Google Colab saves it: format 4.0, ids among the metadata."""
    user = {"displayName": "Jo Doe", "userId": "0123456789"}
    for number, cell in enumerate(book["cells"]):
        cell["metadata"]["id"] = cell.pop("id", f"tR7uKq{number:06}")
        if cell["cell_type"] == "code":
            cell["metadata"]["executionInfo"] = {
                "status": "ok",
                "timestamp": 1716900000000 + number,
                "user_tz": -120,
                "user": user,
                "elapsed": 312,
            }
            cell["metadata"]["outputId"] = "86f3bd3a-1f0e-4f0e-d0d7-2a5ee9a1c001"
            cell["metadata"]["colab"] = {"base_uri": "https://localhost:8080/", "height": 35}
    saved = {
        "nbformat": 4,
        "nbformat_minor": 0,
        "metadata": {
            "colab": {"provenance": [], "toc_visible": True},
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
            "language_info": {"name": "python"},
            "accelerator": "GPU",
        },
        "cells": book["cells"],
    }
    return json.dumps(saved, indent=2, ensure_ascii=False).encode()
