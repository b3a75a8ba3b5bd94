"""What is kept of texts, and what is not."""

from autograder.kept import kept_of_short


def test_what_was_said_of_a_short_text_is_kept_and_of_a_long_one_not():
    said = []

    @kept_of_short(2, longest=3)
    def length(text, more=0):
        said.append(text)
        return len(text) + more

    for text in ("abc", "abc", "abcd", "abcd"):
        assert length(text) == len(text)
    assert said == ["abc", "abcd", "abcd"]
    assert length("abc", 1) == 4
    assert length.__name__ == "length"
