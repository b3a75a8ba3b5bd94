"""What one student hands in before anything happens to it, and ways to take hold of its cells.

Accidents happen to files, so a notebook here is what JSON makes of it: dictionaries and lists.
"""

import json
from copy import deepcopy

from autograder.authoring.notebooks import solution_notebook, write
from tests.toy import SOURCE, edited

# The toy lab with a second question: answers are merged too.
TWO_QUESTIONS = edited(SOURCE, 'name="why_mean" points=2', 'name="why_mean" points=1') + (
    '\n# %% [markdown] tags=["answer"] name="why_twice" points=1\n'
    "# **Question.** Why is twice a number even?\n#\n"
    "# ### BEGIN SOLUTION\n# Two divides it.\n# ### END SOLUTION\n"
)

# Another lab of the course. Its setup has the same name, as happens.
OTHER_SOURCE = """\
# %% [markdown]
# # Another lab

# %% tags=["given"] name="setup"
import math

STEPS = 99

# %% tags=["exercise"] name="half"
def half(x):
    ### BEGIN SOLUTION
    return x / 2
    ### END SOLUTION

# %% tags=["check"] name="half_check" points=10
assert half(2) == 1
"""
OTHER_CHECKS = '''\
from autograder.checks import check, close


@check("half", points=10)
def halves(student, rng):
    """A number is halved."""
    close(student.half(3.0), 1.5)
'''
OTHER_TOML = 'title = "Another lab"\npoints = 10\nbonus = 0\n'

# What the student wrote.
WORK = {
    "double": "def double(x):\n    # Größe: my own way, not the book's\n    return x + x",
    "mean_rows": "def mean_rows(x):\n    return x.sum(axis=1) * share(x)",
    "helper": "def share(x):\n    return 1 / x.shape[1]",
    "triple": "def triple(x):\n    return x + x + x",
    "why_mean": "A sum is the same in any order, naïve, but true: $\\sum$.",
    "why_twice": "It is n + n.",
    "notes": "# My notes\n\nAsk about the `axis`.",
}


def worked(lab):
    """Return the notebook of a student who has solved everything, as JSON data."""
    book = json.loads(write(solution_notebook(lab)))
    for name in ("double", "mean_rows", "triple"):
        find(book, name)["source"] = lines(WORK[name])
    for name in ("why_mean", "why_twice"):
        question = source(find(book, name)).split("\n\n")[0]
        find(book, name)["source"] = lines(f"{question}\n\n{WORK[name]}")
    book["cells"].insert(at(book, "mean_rows"), code(WORK["helper"], id="my-helper"))
    book["cells"].append(markdown(WORK["notes"], id="my-notes"))
    return book


def as_bytes(book):
    return json.dumps(book, indent=1, ensure_ascii=False).encode()


def grade_id(cell):
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def at(book, name):
    (index,) = [k for k, cell in enumerate(book["cells"]) if grade_id(cell) == name]
    return index


def find(book, name):
    return book["cells"][at(book, name)]


def take(book, name):
    return book["cells"].pop(at(book, name))


def source(cell):
    return "".join(cell["source"])


def lines(text):
    return text.splitlines(keepends=True)


def code(text, **more):
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": lines(text),
        **more,
    }


def markdown(text, **more):
    return {"cell_type": "markdown", "metadata": {}, "source": lines(text), **more}


def copy_of(cell, number=2):
    return {**deepcopy(cell), "id": f"copy-{number}"}


def retyped(cell, kind):
    """Return a cell as Jupyter writes it after its type was changed."""
    kept = {key: cell[key] for key in ("id", "metadata", "source")}
    more = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, **kept, **more}


def merge(book, first, *others, into=None):
    """Merge named cells as Jupyter does: the text of all, the metadata of one."""
    texts = [source(find(book, name)) for name in (first, *others)]
    kept = find(book, into or first)
    kept["source"] = lines("\n\n".join(texts))
    for name in (first, *others):
        if name != (into or first):
            take(book, name)
    return kept
