"""Our own way to copy and write a notebook against nbformat's."""

import copy

import nbformat
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode

from autograder.grading.canonical import as_text, copied

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["", "a\nb", "a\n", "\n\n", "\r\n", "\x0b\x0c\x1c\x85\u2028x", '"\\/\x00\x7f', "\U0001f600"]
)
number = st.integers() | st.floats(allow_nan=False)
json_like = st.recursive(
    st.none() | st.booleans() | number | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
mime = st.sampled_from(["text/plain", "text/html", "image/png", "image/svg+xml"])
bundle = st.dictionaries(mime, text, max_size=3) | st.builds(
    lambda data: {"application/vnd.gradlab.verdict+json": data},
    st.dictionaries(text, json_like, max_size=3),
)
shown = st.builds(
    lambda data: {"output_type": "display_data", "metadata": {}, "data": data}, bundle
)
result = st.builds(
    lambda data, count: {
        "output_type": "execute_result",
        "metadata": {},
        "data": data,
        "execution_count": count,
    },
    bundle,
    st.none() | st.integers(0, 9),
)
stream = st.builds(
    lambda name, said: {"output_type": "stream", "name": name, "text": said},
    st.sampled_from(["stdout", "stderr"]),
    text,
)
error = st.builds(
    lambda name, value, lines: {
        "output_type": "error",
        "ename": name,
        "evalue": value,
        "traceback": lines,
    },
    text,
    text,
    st.lists(text, max_size=2),
)
metadata = st.builds(
    lambda more, tags: {**more, "tags": tags},
    st.dictionaries(st.sampled_from(["nbgrader", "x", "trusted"]), json_like, max_size=2),
    st.lists(st.sampled_from(["check", "explore"]), unique=True, max_size=2),
)
code = st.builds(
    lambda source, about, outputs, count: {
        "cell_type": "code",
        "source": source,
        "metadata": about,
        "outputs": outputs,
        "execution_count": count,
    },
    text,
    metadata,
    st.lists(shown | result | stream | error, max_size=3),
    st.none() | st.integers(0, 9),
)
markdown = st.builds(
    lambda source, about, images: {
        "cell_type": "markdown",
        "source": source,
        "metadata": about,
        **({"attachments": {"a.png": images}} if images else {}),
    },
    text,
    metadata,
    st.dictionaries(mime, text, max_size=2),
)


@st.composite
def notebooks(draw):
    cells = draw(st.lists(code | markdown, max_size=4))
    return nbformat.from_dict(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": draw(st.dictionaries(st.sampled_from(["a", "b"]), json_like, max_size=2)),
            "cells": [{**cell, "id": f"cell-{n}"} for n, cell in enumerate(cells)],
        }
    )


@settings(max_examples=40)
@given(notebooks())
def test_it_writes_what_nbformat_writes(notebook):
    before = copy.deepcopy(notebook)
    assert as_text(notebook) == nbformat.writes(notebook)
    assert notebook == before, "the notebook itself stays"


@settings(max_examples=40)
@given(notebooks())
def test_a_copy_is_equal_and_shares_nothing(notebook):
    def parts(value):
        yield value
        inner = value.values() if isinstance(value, dict) else value
        for part in inner if isinstance(value, (dict, list)) else ():
            yield from parts(part)

    copy_of_it = copied(notebook)
    assert copy_of_it == notebook
    pairs = list(zip(parts(notebook), parts(copy_of_it), strict=True))
    for one, other in pairs:
        assert type(one) is type(other)
        assert one is not other or not isinstance(one, (dict, list))
    assert isinstance(copy_of_it, NotebookNode)
