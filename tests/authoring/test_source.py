"""Reading a source: kinds, names and points, and lines that match the file."""

import pickle

import pytest

from autograder.authoring.source import SourceError, read_source
from tests.toy import NAME, SOURCE, edited, toy_course, write


@pytest.fixture
def read(tmp_path):
    def from_text(text):
        return read_source(write(tmp_path / "lab.py", text))

    return from_text


def test_kinds_names_points_and_bonus(tmp_path):
    cells = read_source(toy_course(tmp_path).lab(NAME).source_file)

    assert [(cell.kind, cell.name, cell.points, cell.bonus) for cell in cells] == [
        ("text", None, 0, False),
        ("given", "setup", 0, False),
        ("text", None, 0, False),
        ("exercise", "double", 0, False),
        ("check", "double_check", 4, False),
        ("text", None, 0, False),
        ("exercise", "mean_rows", 0, False),
        ("check", "mean_rows_check", 4, False),
        ("explore", None, 0, False),
        ("exercise", "triple", 0, False),
        ("check", "triple_check", 2, True),
        ("answer", "why_mean", 2, False),
    ]
    assert cells[1].source == "import numpy as np\n\nSTEPS = 3"
    assert cells[0].source.startswith("# A toy lab\n\nTwo small")


def test_every_line_of_every_cell_is_where_the_file_has_it(read):
    # Blank lines around cells and inside them are where line numbers go wrong.
    text = edited(SOURCE, '# %% tags=["explore"]\n', '\n\n# %% tags=["explore"]\n\n\n')
    lines = text.splitlines()
    cells = read(text)

    assert len(cells) == sum(line.startswith("# %%") for line in lines)
    for cell in cells:
        assert lines[cell.line - 1].startswith("# %%")
        for number, line in cell.lines():
            comment = "# " if cell.kind in ("text", "answer") else ""
            assert lines[number - 1].rstrip() == (comment + line).rstrip()


def test_comments_that_look_like_magics_stay_comments(read):
    (cell,) = read('# %% tags=["given"] name="a"\n# %matplotlib inline\nx = 1\n')

    assert cell.source == "# %matplotlib inline\nx = 1"


def test_half_points_are_read(read):
    assert read('# %% tags=["check"] name="a_check" points=1.5\n1\n')[0].points == 1.5


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("x = 1\n# %%\n", 1, "first cell has no header"),
        ("\n\n# ---\n# title: x\n# ---\n# %% [markdown]\n# a\n", 3, "first cell has no header"),
        ("", 1, "first cell has no header"),
        ('# %% tags=["given"] name="a"\n1\n# %%time\n2\n', 3, "header that cannot be read"),
        ('# %% tags=["given"] name="a"\n1\n\n#%%\n2\n', 4, "header that cannot be read"),
        ("# %% [markdown]\n# a\n# %%\n1\n", 3, "without a known tag"),
        ('# %% tags=["exercize"] name="a"\n1\n', 1, "unknown tag ['exercize']"),
        ('# %% tags=["given", "check"] name="a"\n1\n', 1, "unknown tag"),
        ('# %% tags="given" name="a"\n1\n', 1, "header of wrong types"),
        ('# %% [markdown] tags=["check"] name="a" points=1\n# a\n', 1, "unknown tag"),
        ('# %% tags=["answer"] name="a" points=1\n1\n', 1, "unknown tag"),
        ('# %% tags=["given"] name="a" level=3\n1\n', 1, "unknown header option 'level'"),
        ('# %% tags=["given"] name="a" points=3\n1\n', 1, "unknown header option 'points'"),
        ('# %% [markdown] tags=["answer"] name="a" bonus=true\n# a\n', 1, "option 'bonus'"),
        ('# %% Softmax tags=["given"] name="a"\n1\n', 1, "free text"),
        ('# %% tags=["given"] name=a\n1\n', 1, "header that cannot be read"),
        ('# %% tags=["given"] name=3\n1\n', 1, "header of wrong types"),
        ('# %% tags=["check"] name="a_check" points="3"\n1\n', 1, "'points' has the wrong type"),
        ('# %% tags=["check"] name="a_check" points=true\n1\n', 1, "'points' has the wrong type"),
        ('# %% tags=["check"] name="a_check" points=1 bonus=1\n1\n', 1, "'bonus' has the wrong"),
        ("# %% [raw]\n# a\n", 1, "neither code nor commented text"),
        ('# %% [markdown]\n"""\nText.\n"""\n', 1, "neither code nor commented text"),
        ("# %% [markdown]\n# a\n#b\n", 3, "text line that is no comment"),
        (
            '# %% tags=["given"] name="a"\nx = """\n# %% no header\n"""\n',
            1,
            "reads this cell other",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(read, tmp_path, text, line, what):
    with pytest.raises(SourceError) as caught:
        read(text)

    assert str(caught.value).startswith(f"{tmp_path / 'lab.py'}:{line}: ")
    assert what in caught.value.what
    assert caught.value.expected
    assert caught.value.found
    assert caught.value.mend


def test_a_file_that_is_no_utf8_names_the_line(tmp_path):
    path = tmp_path / "lab.py"
    path.write_bytes(b"# %% [markdown]\n# caf\xe9\n")

    with pytest.raises(SourceError, match=r"lab\.py:2: not UTF-8"):
        read_source(path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(SourceError, match="is missing"):
        read_source(tmp_path / "lab.py")


def test_the_error_crosses_a_process_border(read):
    with pytest.raises(SourceError) as caught:
        read("x = 1\n")

    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
