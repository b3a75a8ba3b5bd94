"""The one form of error a person meets: expected, found, what to do."""

from __future__ import annotations

from course_utils.errors import CourseUtilsError


class GradlabError(CourseUtilsError):
    """Something a person can mend; `gradlab` prints it without a traceback.

    Parameters
    ----------
    what : str
        One sentence: what went wrong, with the file and line where there is one.
    expected, found, mend : str, optional
        What was expected, what was there instead, and what to do about it.
    """

    mend_is_called = "to mend"
