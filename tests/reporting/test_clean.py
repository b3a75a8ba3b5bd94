"""What a student's code displays cannot run in the page of feedback."""

from html.parser import HTMLParser

import pytest

from autograder.reporting.clean import clean_html


class _Tags(HTMLParser):
    """Collects every tag and attribute of a page that a browser would act on."""

    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attributes):
        self.found.add(tag)
        self.found |= {f"{tag} {name}={value}" for name, value in attributes}

    def handle_comment(self, data):
        self.found.add("comment")


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<iframe src='https://example.org'></iframe>",
        "<svg onload=alert(1)></svg>",
        "<img src='https://example.org/pixel.png'>",
        "<p style='position:fixed;top:0'>over all</p>",
        "<style>body{display:none}</style>",
        "<form action='https://example.org'><input></form>",
        "<base href='https://example.org'>",
        "<!-- <script>",
    ],
)
def test_what_runs_loads_or_covers_is_taken_out(html):
    parser = _Tags()
    parser.feed(clean_html(html))
    assert parser.found <= {"img", "a", "p", "p style="}


@pytest.mark.parametrize(
    "html",
    [
        '<h2 id="a">T</h2>',
        '<table class="dataframe"><thead><tr><th colspan="2">x</th></tr></thead></table>',
        '<img src="data:image/png;base64,aGk=" alt="plot">',
        "<details><summary>Hint</summary>Text</details>",
        '<a href="https://example.org">x</a>',
    ],
)
def test_what_labs_and_pandas_write_is_kept(html):
    assert clean_html(html) == html
