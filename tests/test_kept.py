"""What is kept of texts, and what is not."""

from autograder.kept import LONGEST, kept_of_short


def test_what_was_said_of_a_short_text_is_kept_and_of_a_long_one_not():
    said = []

    @kept_of_short(2)
    def length(text, more=0):
        said.append(text)
        return len(text) + more

    short, long = "a" * LONGEST, "a" * (LONGEST + 1)
    for text in (short, short, long, long):
        assert length(text) == len(text)
    assert said == [short, long, long]
    assert length(short, 1) == LONGEST + 1
    assert length.__name__ == "length"
