"""What a status or a flag means, in words for the student it concerns."""

from __future__ import annotations

# What the student can do about each status that is not "graded".
TO_DO = {
    "unreadable": "Open your notebook in Jupyter, save it, check that it opens again, and hand in "
    "that file. If it does not open, go back to an older copy or ask your teacher.",
    "empty": "Look for the file you worked in, check that your work is in it, and hand it in.",
    "missing": "Hand in the notebook itself, under its own name, not a copy in another format.",
    "too large": "In Jupyter choose Edit, then Clear Outputs of All Cells, save, and hand it in.",
    "refused": "Hand in the notebook file itself; ask your teacher if you are not sure how.",
    "failed": "You need not do anything. Your teacher has to grade this submission again.",
}

FLAGS = {
    "broken check": "The check {} stopped with an error of its own. It is not your fault; ask your "
    "teacher.",
    "cell type": "The type of a cell was changed and has been set back: {}.",
    "changed": "The cell {} is locked. It was changed in your notebook; for grading it was set "
    "back to how it was handed out. Your version stands below it and was not run.",
    "copied": "The cell {} is there more than once. The last copy that you edited was graded.",
    "deleted": "The cell {} was missing. It was put back as it was handed out.",
    "encoding": "Your notebook's file is {}. If letters look wrong, save it as UTF-8.",
    "format": "Your notebook is in an old file format ({}) and was converted.",
    "kernel": "Your notebook was set to another kernel ({}). It was run with Python 3.",
    "merged": "You merged cells: {}. It was graded all the same.",
    "metadata": "Marks that nbgrader keeps in a cell were changed or lost, and were set back: {}.",
    "moved": "The cell {} stood in another place. It was moved back.",
    "not this lab": "Your notebook has none of this lab's exercises. Did you hand in another file?",
    "out of time": "The whole notebook ran too long and was stopped {}. Cells after that point "
    "were not run.",
    "output cut": "In {} very much was printed. Only the beginning was kept.",
    "process died": "In {} the Python process ended, or could not be stopped. It was left out; all "
    "other cells were run without it.",
    "renamed": "Your notebook has another name than expected ({}). It was graded all the same.",
    "several notebooks": "There are several notebooks in your folder: {}.",
    "shortcut": "A shortcut was taken: {}. The exercise asks you to write this yourself, so it "
    "earns no points.",
    "tampering": "Something was seen that a person will look at: {}. It has cost no points. If you "
    "do not know what it is about, ask your teacher.",
    "too long": "In {} your code did not finish in time, and was stopped.",
}


def in_words(flag: str) -> str | None:
    """Return a flag as a sentence for the student, None if it does not concern them."""
    word, _, detail = flag.partition(": ")
    sentence = FLAGS.get(word)
    if sentence is None:
        return None
    text = sentence.format(detail)
    return text[0].upper() + text[1:]


# How a check cell can end before its verdict; the names are those of `autograder.grading`.
ENDED = {
    "ProcessDied": "your code ended the Python process, or could not be stopped",
    "TimeLimit": "your code did not finish in the time there is",
    "NoVerdict": "they did not come to their end, or their result was tampered with",
    "NotRun": "the time for the whole notebook was used up before this cell",
}


def ended(name: str) -> str:
    """Return why the checks of a cell did not finish, as a clause."""
    return ENDED.get(name, f"they stopped with {name}")
