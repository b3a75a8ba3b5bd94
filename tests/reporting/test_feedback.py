"""A page for each student: what they earned, what is wrong and why, and nothing hidden."""

import csv
import re
import shutil
from html.parser import HTMLParser

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.api import Gradebook

from autograder.errors import GradlabError
from autograder.grading.run import grade_course
from autograder.reporting import feedback
from autograder.reporting.export import export_grades
from autograder.reporting.feedback import write_feedback
from autograder.reporting.grades import Grades
from autograder.reporting.page import graded_page
from tests.grading.classroom import SECRETS, book, copied
from tests.grading.helpers import solved, submit
from tests.toy import NAME, toy_course

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(room):
    paths = write_feedback(room.lab, room.root)
    return {student: path.read_text() for student, path in paths.items()}


class _Text(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.skip = [], False

    def handle_starttag(self, tag, attributes):
        self.skip = tag in ("style", "script")

    def handle_endtag(self, tag):
        self.skip = False

    def handle_data(self, data):
        if not self.skip:
            self.found.append(data)


def text_of(page):
    parser = _Text()
    parser.feed(page)
    return " ".join(" ".join(parser.found).split())


def test_every_submission_has_a_page_where_nbgrader_looks_for_it(room, pages):
    assert set(pages) == set(room.outcomes)
    assert (room.root / "feedback/solved/toy/toy.html").exists()


def test_no_page_holds_hidden_text(pages):
    for student, page in pages.items():
        for secret in SECRETS:
            # The reference solution is the worked notebook's own text.
            if secret != "2 * x.shape" or student in ("untouched", "broken", "died"):
                assert secret not in page, student


def test_processes_write_the_same_pages(room, pages, monkeypatch):
    monkeypatch.setattr(feedback, "FEW_PAGES", 0)
    for path in (room.root / "feedback").glob("*/*/*.html"):
        path.unlink()
    written = write_feedback(room.lab, room.root, jobs=2)
    assert {student: path.read_text() for student, path in written.items()} == pages


def test_a_page_that_cannot_be_written_is_told_and_the_others_are_there(room, tmp_path):
    folder = copied(room, tmp_path / "class")
    shutil.rmtree(folder / "feedback", ignore_errors=True)
    (folder / "autograded/solved/toy/toy.ipynb").write_text("{")
    with pytest.raises(GradlabError, match="1 of 11 pages") as caught:
        write_feedback(room.lab, folder)
    assert "solved: " in str(caught.value)
    assert "--student solved --force" in str(caught.value)
    assert len(list(folder.glob("feedback/*/toy/toy.html"))) == 10


def test_what_is_kept_of_a_text_does_not_hide_another_picture():
    def page(picture):
        cell = new_markdown_cell("![a](attachment:a.png)")
        cell.attachments = {"a.png": {"image/png": picture}}
        return graded_page("T", "s", new_notebook(cells=[cell]), Grades(0, 0, 0), ())

    assert "base64,QUFB" in page("QUFB")
    assert "base64,QkJC" in page("QkJC")


def test_pictures_without_a_description_get_one():
    shown = new_output("display_data", {"image/png": "QUFB"})
    cell = new_code_cell("1", outputs=[shown])
    page = graded_page("T", "s", new_notebook(cells=[cell]), Grades(0, 0, 0), ())
    (picture,) = re.findall("<img[^>]*>", page)
    assert "alt=" in picture


def test_the_score_and_what_is_wrong_stand_before_the_notebook(pages):
    top = text_of(pages["wrong"].split("</header>")[0])
    for told in (
        "wrong", "A toy lab", "2 of 10 points, 2 of them bonus", "0 of 4", "+2 of 2 bonus",
        "Not passed: A number drawn at random is doubled.", "Hint: Twice is not squared.",
        "Not final: why_mean waits for a person.", "The cell setup is locked.",
    ):  # fmt: skip
        assert told in top


def test_a_check_cell_shows_its_table_and_the_asserts_a_student_saw(pages):
    page = pages["wrong"]
    assert page.count('class="gradlab-verdict"') == 3
    text = text_of(page)
    assert "Every number of an array is doubled. Seen: " in text
    assert "assert double(3) == 6" in text


def test_a_check_that_did_not_finish_says_why_in_words(pages):
    text = text_of(pages["died"])
    assert "the Python process ended while your code ran" in text
    assert "In mean_rows_check the Python process ended" in text


def test_unwritten_parts_are_told_once(pages):
    top = text_of(pages["untouched"].split("</header>")[0])
    assert top.count("Not written yet") == 3
    assert "There is no answer." in top


def test_a_cell_that_stopped_is_not_called_unwritten(tmp_path):
    course = toy_course(tmp_path)
    lab = course.lab(NAME)
    submit(course, "typo", solved(lab, double="def double(x:\n    return 2 * x"))
    grade_course(lab, tmp_path, jobs=1)
    top = text_of(write_feedback(lab, tmp_path)["typo"].read_text().split("</header>")[0])
    assert "The cell before this check stopped. Seen: SyntaxError: '(' was never closed" in top
    assert "Not written yet" not in top
    # Another exercise is right, and needs this one.
    assert "nothing to judge. Seen: double is not written yet" in top


def test_a_page_of_a_submission_that_could_not_be_graded_says_why_and_what_to_do(pages):
    for student, why in {
        "broken": "not valid JSON",
        "empty": "The file is empty.",
        "page": "a web page",
        "pdf": "no notebook in the folder",
        "bad,id": "cannot be a student id",
    }.items():
        text = text_of(pages[student])
        assert "Not graded" in text
        assert why in text
        assert "What to do" in text
        assert len(text.split("What to do")[1]) > 40


def test_what_students_print_is_text_and_not_html(pages):
    assert "<b>here</b>" not in pages["wrong"]
    assert "&lt;b&gt;here&lt;/b&gt;" in pages["wrong"]


def test_a_page_needs_no_network_but_for_formulas(pages):
    for page in pages.values():
        loaded = re.findall(r'(?:src|href)="(https?://[^"]+)"', page)
        assert all("mathjax" in address.lower() for address in loaded)


def test_scores_and_comments_by_hand_and_penalties_are_shown(room, tmp_path):
    folder = copied(room, tmp_path / "class")
    with Gradebook(book(folder)) as gradebook:
        grade = gradebook.find_grade("why_mean", NAME, NAME, "solved")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        comment = gradebook.find_comment("why_mean", NAME, NAME, "solved")
        comment.manual_comment = "Nearly. <script>alert(1)</script>"
        notebook = gradebook.find_submission_notebook(NAME, NAME, "solved")
        notebook.late_submission_penalty = 3
        gradebook.db.commit()
    page = write_feedback(room.lab, folder, student="solved")["solved"].read_text()
    text = text_of(page)
    for told in ("8.5 of 10 points", "3 points were taken off", "1.5 of 2", "Comment: Nearly."):
        assert told in text
    assert "<script>alert" not in page
    assert "Not final" not in text


def test_before_grading_it_says_what_to_run(tmp_path):
    lab = toy_course(tmp_path).lab(NAME)
    with pytest.raises(GradlabError, match="nobody has been graded") as caught:
        write_feedback(lab, tmp_path)
    assert "gradlab grade toy" in str(caught.value)


def test_an_unknown_student_is_told(room):
    with pytest.raises(GradlabError, match="not 'nobody'"):
        write_feedback(room.lab, room.root, student="nobody")


def test_export_writes_the_gradebooks_grades(room, tmp_path):
    target = export_grades(room.root, room.root, tmp_path / "all.csv")
    lines = target.read_text().splitlines()
    assert lines[0].startswith("assignment,duedate,timestamp,student_id")
    scores = {line.split(",")[3]: line.split(",")[9] for line in lines[1:]}
    assert scores["solved"] == "10.0"
    assert scores["broken"] == "0.0"
    assert [path.name for path in tmp_path.iterdir()] == ["all.csv"]


def test_export_is_in_order_and_survives_commas_and_quotes_in_names(room, tmp_path):
    folder = copied(room, tmp_path / "class")
    with Gradebook(book(folder)) as gradebook:
        gradebook.update_or_create_student("wrong", last_name='King, Jr. "MLK"', first_name="M.")
    with export_grades(folder, folder).open(newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert list(rows) == sorted(rows)
    assert rows["wrong"]["last_name"] == 'King, Jr. "MLK"'
    assert (rows["wrong"]["email"], rows["wrong"]["score"]) == ("", "2.0")


def test_export_without_a_gradebook_says_what_to_run(tmp_path):
    with pytest.raises(GradlabError, match="no gradebook") as caught:
        export_grades(tmp_path, tmp_path)
    assert "gradlab grade" in str(caught.value)
    assert not list(tmp_path.iterdir())
