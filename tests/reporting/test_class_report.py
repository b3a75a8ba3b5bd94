"""The page on a class says what the gradebook says, of everybody, and nothing hidden."""

import json
import re
import shutil
import sqlite3
from html.parser import HTMLParser
from types import SimpleNamespace
from urllib.parse import unquote

import nbformat
import pytest
from nbformat.v4 import new_output
from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder.checks.verdict import Outcome, Verdict
from autograder.cli import main
from autograder.errors import GradlabError
from autograder.grading.gradebook import GradebookWriter, open_gradebook
from autograder.grading.graded import CellScore, Graded
from autograder.grading.package import GradedCell
from autograder.grading.packing import package_lab
from autograder.grading.record import Record
from autograder.grading.run import grade_course
from autograder.reporting.class_page import class_page, write_report
from autograder.reporting.class_report import (
    ABSENT,
    NOT_YET,
    ClassReport,
    Student,
    Work,
    read_class,
)
from autograder.reporting.feedback import write_feedback
from autograder.reporting.grades import Grades
from tests.grading.classroom import SECRETS, book, copied
from tests.grading.helpers import LIMITS, cell, solved, submit, untouched
from tests.toy import CHECKS, NAME, SOURCE, toy_course, write

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
CELLS = (
    GradedCell("double_check", 4.0),
    GradedCell("mean_rows_check", 4.0),
    GradedCell("triple_check", 2.0, bonus=True),
    GradedCell("why_mean", 2.0, manual=True),
)


class Page(HTMLParser):
    """A page as a browser reads it: tags, attributes, text, tables as lists of rows."""

    def __init__(self, html):
        super().__init__()
        self.html, self.tags, self.attributes, self.words = html, set(), [], []
        self.rows = []
        self._cell = None
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += attributes
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = []

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.rows[-1].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, data):
        self.words.append(data)
        if self._cell is not None:
            self._cell.append(data)

    def row(self, first):
        (found,) = [row for row in self.rows if row and row[0] == first]
        return found

    def values(self, name):
        return [value for key, value in self.attributes if key == name]


@pytest.fixture
def lab(tmp_path):
    return toy_course(tmp_path / "toy").lab(NAME)


def outcome(name="a_check", status="failed", hint=None, title="What must hold.", seen=""):
    return Outcome(name, title, 4.0, 4.0 * (status == "passed"), status, seen, hint)


def judged(*outcomes, score=0.0, state="none", exercise="double"):
    return Work(score, state, Verdict(NAME, exercise, outcomes))


def student(name, flags=(), penalty=0.0, waits=False, feedback="", **work):
    """Return a graded student; `work` is by exercise."""
    own = {
        cell.name: work[key] for cell in CELLS if (key := cell.name.removesuffix("_check")) in work
    }
    score = sum(one.score for one in own.values()) - penalty
    return Student(name, "graded", "", flags, Grades(score, 10.0, penalty), own, waits, feedback)


def page_of(lab, *students, **options):
    return Page(class_page(ClassReport(lab, CELLS, students), **options))


def scores(*points):
    """Return a student for each score in `mean_rows`."""
    return [student(f"s{i}", mean_rows=Work(x, "part")) for i, x in enumerate(points)]


def bars(page):
    """Return the counts of the first histogram."""
    drawing = re.search(r"<svg viewBox[^>]*points without bonus.*?</svg>", page.html, re.DOTALL)
    titles = re.findall(r"<title>(\d+) students? with", drawing.group())
    return [int(count) for count in titles]


# What is counted, on made-up classes.


def test_every_score_is_in_one_bar_also_on_an_edge_and_outside(lab):
    # A tenth of the 10 points of this lab is one point.
    assert bars(page_of(lab, *scores(0, 0.99, 1, 5, 9.99, 10))) == [2, 1, 0, 0, 0, 1, 0, 0, 0, 2]
    assert "2 of 2 have all" in page_of(lab, *scores(10, sum([0.1] * 100))).text
    assert bars(page_of(lab, *scores(-1, 12))) == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    # Ten tenths add up to a little less than 1.
    assert bars(page_of(lab, *scores(sum([0.1] * 10))))[1] == 1


def test_bonus_points_and_penalties_are_apart_from_the_scores(lab):
    one = student("ann", penalty=3.0, double=Work(4.0, "full"), triple=Work(2.0, "full"))
    page = page_of(lab, one)
    assert "0 of 1 have all" in page.text
    assert bars(page) == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert "median 4 (dashed), mean 4 , from 4 to 4" in page.text
    assert "1 of 1 earned some, 2 of 2 on average" in page.text
    assert "1 student lost points for handing in late" in page.text
    assert page.row("ann")[1:3] == ["3", "-3"]


def test_each_exercise_has_its_mean_and_everybody_in_one_share(lab):
    states = ["full", "full", "part", "none", "unwritten"]
    points = {"full": 4.0, "part": 1.0}
    who = [student(f"s{i}", double=Work(points.get(s, 0.0), s)) for i, s in enumerate(states)]
    page = page_of(lab, *who)
    assert page.row("double")[1:3] == ["4", "1.8"]
    told = "full points: 2, part of them: 1, no points: 1, not written: 1"
    assert told in page.values("aria-label")


def test_a_mean_is_not_told_while_answers_wait(lab):
    who = [
        student("ann", waits=True, why_mean=Work(0.0, "waiting")),
        student("ben", why_mean=Work(2.0, "full")),
    ]
    assert page_of(lab, *who).row("why_mean written")[2] == ""
    assert page_of(lab, who[1]).row("why_mean written")[2] == "2"
    text = page_of(lab, *who).text
    assert "why_mean (1)" in text
    assert "count 0 here" in text


def test_checks_are_in_the_order_of_how_many_failed_of_those_who_wrote_it(lab):
    def work(first, second, third):
        return judged(
            outcome("one", first, title="First."),
            outcome("two", second, title="Second."),
            outcome("three", third, title="Third."),
        )

    who = [
        student("ann", double=work("failed", "error", "passed")),
        student("ben", double=work("passed", "failed", "passed")),
        student("cleo", double=work("missing", "missing", "missing")),
        student("dan", double=work("passed", "passed", "broken")),
    ]
    rows = [row for row in page_of(lab, *who).rows if row[-1] == "double"]
    assert [(row[0], row[2]) for row in rows] == [("2 of 3", "Second."), ("1 of 3", "First.")]


MISTAKES = {"squared": "This is x squared.", "halved": "This is half of it."}


def with_mistakes(lab):
    entries = [
        {"exercise": "double", "name": k, "says": v, "values": {}} for k, v in MISTAKES.items()
    ]
    write(lab.hidden_folder / "mistakes.json", json.dumps({"mistakes": entries}))
    return lab


def test_mistakes_are_counted_once_a_student_and_other_hints_are_none(lab):
    both = "It is one of two mistakes. Either: This is x squared. Or: This is half of it."
    squared = outcome(hint="This is x squared.")
    who = [
        student("ann", double=judged(squared, outcome("b_check", hint="This is x squared."))),
        student("ben", double=judged(squared, outcome("b_check", hint="Look at the axis."))),
        student("cleo", double=judged(outcome(hint=both))),
        student("dan", double=judged(outcome(status="passed", hint="This is half of it."))),
        # In another exercise it is no mistake that is known.
        student("eve", mean_rows=judged(squared, exercise="mean_rows")),
    ]
    rows = [row for row in page_of(with_mistakes(lab), *who).rows if row[0] in "123"]
    assert rows == [["2", "This is x squared.", "double"], ["1", both, "double"]]


def test_flags_that_want_a_look_stand_by_urgency_and_others_are_counted(lab):
    who = [
        student("ann", flags=("too long: double", "too long: mean_rows", "renamed: a.ipynb")),
        student("ben", flags=("tampering: use of os._exit in double", "renamed: b.ipynb")),
        student("cleo", flags=("too long: double",)),
    ]
    page = page_of(lab, *who)
    rows = [row for row in page.rows if row[0] in ("tampering", "too long", "renamed")]
    assert [row[:2] for row in rows] == [["tampering", "1"], ["too long", "2"]]
    assert "ben: use of os._exit in double" in rows[0][2]
    assert "ann: double; mean_rows" in rows[1][2]
    assert "Other flags: renamed (2)." in page.text


# What must not be on the page.


def hostile_class():
    work = judged(outcome(title=HOSTILE, hint=HOSTILE, seen=HOSTILE))
    one = student(HOSTILE, flags=(f"tampering: {HOSTILE}", HOSTILE), waits=True, double=work)
    return one, Student(HOSTILE + "2", "unreadable", HOSTILE), Student(HOSTILE + "3", ABSENT)


@pytest.mark.parametrize("anonymous", [False, True])
def test_what_comes_from_students_is_text(lab, anonymous):
    page = page_of(lab, *hostile_class(), anonymous=anonymous)
    assert not page.tags & {"script", "img", "iframe", "object", "link", "base", "form"}
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert HOSTILE in page.text


def test_a_hostile_name_leads_to_its_feedback_and_nowhere_else(tmp_path, lab):
    name = 'a"onclick="alert(1) #?%41'
    package = package_lab(lab)
    with GradebookWriter(tmp_path, package, Config()) as writer:
        writer.write(name, Record(Graded(NAME, "refused", "No id.")), enter=False)
    feedback = write(tmp_path / "feedback" / name / NAME / f"{NAME}.html", "here")
    page = Page(write_report(lab, tmp_path).read_text())
    (link,) = [value for value in page.values("href") if not value.startswith("#")]
    assert not re.search(r'["#? ]', link)
    assert "onclick" not in dict(page.attributes)
    assert (tmp_path / "results" / unquote(link)).resolve() == feedback.resolve()


@pytest.mark.parametrize("anonymous", [False, True])
def test_the_page_needs_nothing_else(lab, anonymous):
    who = student("ann", feedback="../feedback/ann/toy/toy.html", double=Work(4.0, "full"))
    page = page_of(lab, who, student("ben"), anonymous=anonymous)
    assert not re.search(r"https?:|@import|<script|<link", page.html)
    assert set(re.findall(r"url\(([^)]*)\)", page.html)) <= {"#hatch"}
    assert not page.values("src")
    assert {value for value in page.values("href") if not value.startswith("#")} == (
        set() if anonymous else {"../feedback/ann/toy/toy.html"}
    )


def test_without_names_nothing_is_about_one_student(lab):
    work = judged(outcome(hint="This is x squared."), score=1.0, state="part")
    flags = ("tampering: nm-ann did it", "renamed: nm-ann.ipynb", "shortcut: nm-ann", "nm-ann")
    who = [
        student("nm-ann", flags=flags, penalty=1.0, waits=True, feedback="nm-ann", double=work,
                why_mean=Work(0.0, "waiting")),
        Student("nm-ben", "unreadable", "nm-ben.ipynb is a picture.", ("renamed: nm-ben",)),
        Student("nm-cleo", "failed", "nm-cleo fell."),
        Student("nm-dan", ABSENT),
        Student("nm-eve", NOT_YET),
    ]  # fmt: skip
    named = page_of(with_mistakes(lab), *who)
    assert all(one.name in named.text for one in who)
    page = page_of(lab, *who, anonymous=True)
    assert "nm-" not in page.html
    assert page.row("tampering")[1] == page.row("shortcut")[1] == "1"
    assert ["1", "This is x squared.", "double"] in page.rows


def test_of_a_check_only_the_title_is_shown(lab):
    """What was seen may hold a student's numbers; names, code and hints are hidden things."""
    told = outcome("doubles_numbers", seen="saw 7.25", hint="Twice is not squared.")
    page = page_of(lab, student("ann", double=judged(told)))
    assert "What must hold." in page.text
    for secret in ("doubles_numbers", "7.25", "Twice is not squared", *code_of(lab)):
        assert secret not in page.text


def code_of(lab):
    """Return the lines of a lab's hidden checks that are longer than a word."""
    lines = (lab.hidden_folder / "checks.py").read_text().splitlines()
    return {line.strip() for line in lines if len(line.split()) > 2 and '"""' not in line}


# What is read: a class that was graded.


def say_by_hand(folder):
    """Grade an answer by hand, take points off, and hand out more in another."""
    with Gradebook(book(folder)) as gradebook:
        for name, cell, points in [("solved", "why_mean", 1.5), ("wrong", "double_check", 2.5)]:
            grade = gradebook.find_grade(cell, NAME, NAME, name)
            grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.find_submission_notebook(NAME, NAME, "solved").late_submission_penalty = 3
        gradebook.update_or_create_student("absent")
        gradebook.db.commit()


@pytest.fixture(scope="module")
def graded(room, tmp_path_factory):
    """Return a graded class after a person has looked at it, and its page."""
    folder = copied(room, tmp_path_factory.mktemp("report") / "class")
    say_by_hand(folder)
    (folder / "submitted/new/toy").mkdir(parents=True)
    write_feedback(room.lab, folder)
    shutil.rmtree(folder / "feedback/died")
    path = write_report(room.lab, folder)
    return SimpleNamespace(folder=folder, path=path, page=Page(path.read_text()))


@pytest.mark.slow
def test_the_table_is_the_gradebook(room, graded):
    head = next(row for row in graded.page.rows if "triple" in row)
    seen = 0
    with Gradebook(book(graded.folder)) as gradebook:
        for submission in gradebook.assignment_submissions(NAME):
            name, (notebook,) = submission.student.id, submission.notebooks
            row = graded.page.row(name)
            total = notebook.score - (notebook.late_submission_penalty or 0)
            assert float(row[1]) == total, name
            if room.outcomes[name].status != "graded":
                continue
            for grade in notebook.grades:
                shown = row[head.index(grade.name.removesuffix("_check"))]
                if grade.auto_score is None and grade.manual_score is None:
                    assert shown == "w"
                else:
                    assert float({"-": 0}.get(shown, shown)) == grade.score, (name, grade.name)
                seen += 1
    assert seen == 4 * 6
    assert graded.page.row("solved")[1:3] == ["8.5", "-3"]


@pytest.mark.slow
def test_the_table_is_sorted_and_everybody_has_a_row(room, graded):
    start = graded.page.rows.index(next(row for row in graded.page.rows if row[0] == "of"))
    names = [row[0] for row in graded.page.rows[start + 1 :]]
    assert sorted(names) == sorted([*room.outcomes, "absent", "new"])
    totals = [float(graded.page.row(name)[1]) for name in names[:6]]
    assert totals == sorted(totals, reverse=True)
    assert names[-1] == "absent"


@pytest.mark.slow
def test_what_became_of_the_class_is_counted(graded):
    tiles = re.findall(r"<li><b>(\d+)</b> ([^<]*)", graded.page.html)
    assert [(int(count), what.strip()) for count, what in tiles] == [
        (12, "handed in"), (6, "graded"), (5, "could not be read"), (1, NOT_YET), (1, ABSENT),
    ]  # fmt: skip
    assert "1 empty, 1 missing, 1 refused, 2 unreadable" in graded.page.text


@pytest.mark.slow
def test_states_are_those_of_the_feedback_pages(room, graded):
    report = read_class(room.lab, graded.folder)
    states = {
        one.name: [one.work[cell.name].state for cell in report.cells]
        for one in report.students if one.work
    }  # fmt: skip
    assert states["stripped"] == ["full", "full", "full", "waiting"]
    assert states["solved"] == ["full", "full", "full", "part"]
    assert states["untouched"] == ["unwritten", "unwritten", "unwritten", "unwritten"]
    assert states["wrong"][:2] == ["part", "none"]
    assert states["died"][1] == "none"


@pytest.mark.slow
def test_those_whose_answers_wait_are_named(graded):
    (row,) = [row for row in graded.page.rows if row[0] == "written answers"]
    assert row[1] == "4"
    assert row[2].endswith("whose died, renamed, stripped, wrong")


@pytest.mark.slow
def test_names_lead_to_the_feedback_pages(room, graded):
    links = {value for value in graded.page.values("href") if value.startswith("../")}
    assert {(graded.path.parent / unquote(link)).resolve() for link in links} == {
        path.resolve() for path in graded.folder.glob("feedback/*/toy/toy.html")
    }
    assert len(links) == len(room.outcomes) - 1


@pytest.mark.slow
def test_the_page_of_a_graded_class_holds_nothing_hidden(room, graded):
    assert "A number drawn at random is doubled." in graded.page.text
    for secret in (*SECRETS, "Twice is not squared", *code_of(room.lab)):
        assert secret not in graded.page.html
    assert "<b>here</b>" not in graded.page.html


@pytest.mark.slow
def test_what_stock_nbgrader_graded_is_read_without_records(room, tmp_path):
    folder = copied(room, tmp_path / "class")
    with sqlite3.connect(folder / "gradebook.db") as connection:
        connection.execute("drop table gradlab_record")
    connection.close()
    shutil.rmtree(folder / "submitted")
    report = read_class(room.lab, folder)
    found = {one.name: one for one in report.students}
    assert found["solved"].work["double_check"].verdict.points == 4
    # Without a record nobody knows why there is no notebook.
    assert "cannot be read" in found["broken"].reason


@pytest.mark.slow
@pytest.mark.parametrize("spoil", ["remove", "cut"])
def test_a_graded_notebook_that_is_gone_is_told_and_the_scores_are_kept(room, tmp_path, spoil):
    folder = copied(room, tmp_path / "class")
    path = folder / "autograded/solved/toy/toy.ipynb"
    path.unlink() if spoil == "remove" else path.write_text("{")
    page = Page(write_report(room.lab, folder).read_text())
    assert page.row("solved")[1:4] == ["10", "4", "4"]
    assert "The graded notebook cannot be read" in page.text


@pytest.mark.slow
def test_an_exercise_whose_cell_stopped_is_not_called_unwritten(room, tmp_path):
    folder = copied(room, tmp_path / "class")
    path = folder / "autograded/untouched/toy/toy.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cell(notebook, "double").outputs = [new_output("error", ename="SyntaxError", evalue="")]
    nbformat.write(notebook, path)
    (one,) = [one for one in read_class(room.lab, folder).students if one.name == "untouched"]
    assert one.work["double_check"].state == "none"
    assert one.work["mean_rows_check"].state == "unwritten"


@pytest.mark.slow
def test_an_exercise_that_needs_an_unwritten_one_is_not_called_unwritten(tmp_path):
    lab = toy_course(tmp_path, course_toml=LIMITS).lab(NAME)
    stub = cell(untouched(lab), "double").source
    commented = stub.replace("    ", "    # Later.\n    ", 1)
    for name, changed in {"stub": stub, "commented": commented, "emptied": ""}.items():
        submit(lab.course, name, solved(lab, double=changed))
    grade_course(lab, tmp_path, jobs=1)
    for one in read_class(lab, tmp_path).students:
        states = [one.work[f"{name}_check"].state for name in ("double", "mean_rows", "triple")]
        assert states == ["unwritten", "none", "full"], one.name


# What goes wrong.


def told(lab, folder):
    with pytest.raises(GradlabError) as caught:
        write_report(lab, folder)
    return str(caught.value)


def test_without_a_gradebook_it_says_what_to_run_and_makes_none(lab, tmp_path):
    write(tmp_path / "results" / "toy.csv", "student_id,score\n")
    said = told(lab, tmp_path)
    assert "there is no gradebook" in said
    assert "gradlab grade toy" in said
    assert [path.name for path in tmp_path.rglob("*.db")] == []


def test_a_file_that_is_no_gradebook_is_told(lab, tmp_path):
    write(tmp_path / "gradebook.db", "no database " * 400)
    assert "gradebook" in told(lab, tmp_path)


def test_a_lab_that_nobody_handed_in_or_that_was_not_graded_is_told(lab, tmp_path):
    open_gradebook(book(tmp_path)).close()
    (tmp_path / "submitted").mkdir()
    assert "nobody has handed in toy" in told(lab, tmp_path)
    (tmp_path / "submitted/ann/toy").mkdir(parents=True)
    said = told(lab, tmp_path)
    assert "nobody has been graded in toy" in said
    assert "found: 1 handed in" in " ".join(said.split())
    assert "gradlab grade toy" in said


def test_a_class_of_which_nothing_could_be_graded_has_a_page(lab, tmp_path):
    with GradebookWriter(tmp_path, package_lab(lab), Config()) as writer:
        for name, status in [("ann", "failed"), ("ben", "empty")]:
            graded = Graded(NAME, status, f"It is {status}; so.")
            writer.write(name, Record(graded), enter=status != "failed")
    for anonymous in (False, True):
        page = Page(write_report(lab, tmp_path, anonymous=anonymous).read_text())
        assert "No submission could be graded." in page.text
        assert "1 grading failed" in page.text
        assert ("ann" in page.text.split()) == (not anonymous)
    page = Page((tmp_path / "results/toy.html").read_text())
    assert page.row("ann") == ["ann", "", "failed: It is failed, so."]
    assert page.row("ben") == ["ben", "0", "empty: It is empty, so."]


def test_of_one_that_failed_no_older_score_is_shown(lab, tmp_path):
    package = package_lab(lab)
    scores = tuple(CellScore(c.name, c.points, c.points, c.bonus, c.manual) for c in package.cells)
    with GradebookWriter(tmp_path, package, Config()) as writer:
        writer.write("ann", Record(Graded(NAME, "graded", scores=scores)))
        writer.write("ann", Record(Graded(NAME, "failed", "It fell.")), enter=False)
    assert Page(write_report(lab, tmp_path).read_text()).row("ann")[1] == ""


def test_a_cell_that_the_lab_has_lost_still_counts(lab, tmp_path):
    package = package_lab(lab)
    scores = tuple(CellScore(c.name, c.points, c.points, c.bonus, c.manual) for c in package.cells)
    with GradebookWriter(tmp_path, package, Config()) as writer:
        writer.write("ann", Record(Graded(NAME, "graded", scores=scores)))
    source = SOURCE.split('# %% tags=["exercise"] name="triple"')[0]
    lab_toml = 'title = "Less"\npoints = 8\n'
    checks = CHECKS.split('@check("triple"')[0]
    less = toy_course(tmp_path / "less", source=source, lab_toml=lab_toml, checks=checks).lab(NAME)
    report = read_class(less, tmp_path)
    found = {cell.name: (cell.points, cell.bonus) for cell in report.cells}
    assert found["why_mean"] == (2, False)
    assert found["triple_check"] == (0, True)
    assert Page(class_page(report)).row("of")[1] == "10"


def test_a_lab_of_bonus_points_alone_has_a_page(lab):
    report = ClassReport(lab, CELLS[2:3], (student("ann", triple=Work(2.0, "full")),))
    assert "Of 0 points" in Page(class_page(report)).text


def test_the_command_names_the_file(lab, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GRADLAB_ROOT", str(lab.course.root))
    with GradebookWriter(tmp_path, package_lab(lab), Config()) as writer:
        writer.write("ann", Record(Graded(NAME, "empty", "Nothing.")))
    assert main(["report", NAME, "--course", str(tmp_path)]) == 0
    assert main(["report", NAME, "--course", str(tmp_path), "--anonymous"]) == 0
    pages = [tmp_path / "results" / name for name in ("toy.html", "toy-anonymous.html")]
    assert capsys.readouterr().out.split() == ["report:", str(pages[0]), "report:", str(pages[1])]
    assert all(path.exists() for path in pages)
    assert main(["report", "lab9", "--course", str(tmp_path)]) == 1
    assert "there is no lab 'lab9'" in capsys.readouterr().err


def test_a_folder_name_that_is_no_text_can_be_written(lab, tmp_path):
    with GradebookWriter(tmp_path, package_lab(lab), Config()) as writer:
        writer.write("ann", Record(Graded(NAME, "empty", "Nothing.")))
    submit(SimpleNamespace(root=tmp_path), "b\udcff", solved(lab))
    assert r"b\udcff" in write_report(lab, tmp_path).read_text()
