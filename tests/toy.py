"""A tiny course in a temporary folder, for the tests of the engine.

    course = toy_course(tmp_path)
    lab = course.lab("toy")

One lab, `toy`, of 10 points and 2 bonus points:

| cell          | what it is                                         | points  |
|---------------|----------------------------------------------------|---------|
| `setup`       | given                                              |         |
| `double`      | exercise, two hidden checks                        | 4       |
| `mean_rows`   | exercise, two hidden checks, uses `double`         | 4       |
| (no name)     | explore, defines `curve`                           |         |
| `triple`      | exercise, one hidden check, bonus                  | 2 bonus |
| `why_mean`    | answer                                             | 2       |

Every file can be replaced by a keyword of `toy_course`; `edited` makes a changed copy of a text
and fails when there is nothing to change.
"""

from pathlib import Path

from autograder.catalog import Course

NAME = "toy"

LAB_TOML = """\
title = "A toy lab"
points = 10
bonus = 2
"""

SOURCE = '''\
# %% [markdown]
# # A toy lab
#
# Two small functions, and one for a bonus.

# %% tags=["given"] name="setup"
import numpy as np

STEPS = 3

# %% [markdown]
# ## Double
#
# Write `double(x)`: twice its input.

# %% tags=["exercise"] name="double"
def double(x):
    """Return twice x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% tags=["check"] name="double_check" points=4
assert double(3) == 6
assert double(0) == 0

# %% [markdown]
# ## Mean of rows

# %% tags=["exercise"] name="mean_rows"
def mean_rows(x):
    """Return the mean of each row of x."""
    ### BEGIN SOLUTION
    total = double(x).sum(axis=1)
    return total / (2 * x.shape[1])
    ### END SOLUTION

# %% tags=["check"] name="mean_rows_check" points=4
assert mean_rows(np.ones((2, 3))).shape == (2,)

# %% tags=["explore"]
def curve(steps):
    return [double(step) for step in range(steps)]


print(curve(STEPS))

# %% tags=["exercise"] name="triple"
def triple(x):
    """Return three times x."""
    ### BEGIN SOLUTION
    return 3 * x
    ### END SOLUTION

# %% tags=["check"] name="triple_check" points=2 bonus=true
assert triple(1) == 3

# %% [markdown] tags=["answer"] name="why_mean" points=2
# **Question.** Why does a mean not depend on the order of its numbers?
#
# ### BEGIN SOLUTION
# Because a sum does not.
# ### END SOLUTION
'''

CHECKS = '''\
import numpy as np

from autograder.checks import check, close


@check("double", points=3)
def doubles_numbers(student, rng):
    """A number drawn at random is doubled."""
    x = float(rng.normal())
    close(student.double(x), 2 * x, hint="Twice is not squared.")


@check("double", points=1)
def doubles_arrays(student, rng):
    """Every number of an array is doubled."""
    x = rng.normal(size=(2, 5))
    close(student.double(x), 2 * x)


@check("mean_rows", points=3)
def one_mean_for_each_row(student, rng):
    """Each row gives its own mean."""
    x = rng.normal(size=(4, 7))
    close(student.mean_rows(x), x.sum(axis=1) / 7, hint="Look at the axis.")


@check("mean_rows", points=1)
def one_column(student, rng):
    """With one column the means are the numbers themselves."""
    x = rng.normal(size=(3, 1))
    close(student.mean_rows(x), x[:, 0])


@check("triple", points=2)
def triples_numbers(student, rng):
    """A number drawn at random is tripled."""
    x = float(rng.normal())
    close(student.triple(x), 3 * x)
'''

# The format of these two belongs to `autograder.proving`; tests of it pass their own texts.
MISCONCEPTIONS = ""
ALTERNATIVES = ""


def toy_course(
    root: Path,
    *,
    name: str = NAME,
    source: str = SOURCE,
    checks: str = CHECKS,
    lab_toml: str = LAB_TOML,
    misconceptions: str = MISCONCEPTIONS,
    alternatives: str = ALTERNATIVES,
    course_toml: str = "",
) -> Course:
    """Write the course below `root` and return it.

    Call it again with another `name` to add a lab. A hidden file is imported once per path, so
    a test that changes `checks` wants a fresh `root`.
    """
    write(root / "source" / name / f"{name}.py", source)
    hidden = root / "autograder" / "labs" / name
    write(hidden / "lab.toml", lab_toml)
    write(hidden / "checks.py", checks)
    for path, text in [("misconceptions.py", misconceptions), ("alternatives.py", alternatives)]:
        if text:
            write(hidden / path, text)
    if course_toml:
        write(root / "autograder" / "course.toml", course_toml)
    return Course(root)


def write(path: Path, text: str) -> Path:
    """Write `text` to `path`, making its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def edited(text: str, old: str, new: str) -> str:
    """Return `text` with its one `old` replaced by `new`."""
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the text"
    return text.replace(old, new)
