"""From a submission's bytes to a grade: find, repair, execute, score, write down.

`grade_submission` is a pure function of a lab and the submission's bytes. `run` calls it in
several processes, or on a cluster, and is the only writer of files and of the gradebook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograder.catalog import Lab
    from autograder.grading.graded import Graded
    from autograder.grading.package import LabPackage
    from autograder.grading.sandbox import Kind

__all__ = ["grade_submission"]


def grade_submission(lab: str | Lab | LabPackage, data: bytes, *, sandbox: Kind = "auto") -> Graded:
    """Grade one submission: no folder, no gradebook, nothing written.

    Parameters
    ----------
    lab : str, Lab or LabPackage
        The lab: its name in the default course, or itself. Whoever grades many submissions
        packs the lab once: ``package_lab(lab)`` of `autograder.grading.packing`.
    data : bytes
        The content of the submitted notebook file. Nothing in it makes this function raise:
        what cannot be graded comes back with a status and a reason.
    sandbox : {"auto", "bwrap", "none"}
        What surrounds the student's code; "auto" takes bubblewrap where it works, and nothing
        warns where it does not: `autograder.grading.sandbox.no_sandbox_warning` tells.

    Returns
    -------
    Graded
        The scores and the verdict of each cell, the flags, the executed notebook, the time it
        took. ``to_json()`` gives all but the notebook as JSON-ready data.

    Raises
    ------
    GradlabError
        If the lab itself is at fault, or there is no such lab.

    Notes
    -----
    The process that calls keeps one warm process from which students' processes are forked;
    the first call takes a second or two longer. Calls from several threads are not supported;
    use several processes.

    Examples
    --------
    A notebook as it was handed out has earned nothing, and says so for each check:

    >>> from autograder.catalog import Course
    >>> from autograder.grading import grade_submission
    >>> lab = Course.default().labs()[0]
    >>> graded = grade_submission(lab, lab.release_notebook.read_bytes())
    >>> graded.status, graded.score, graded.max_score == lab.points
    ('graded', 0.0, True)
    >>> graded.scores[0].verdict.outcomes[0].status
    'missing'
    >>> sorted(graded.to_json())
    ['cells', 'flags', 'lab', 'max_score', 'reason', 'score', 'seconds', 'status', 'timings',
     'waiting']
    """
    # nbgrader takes seconds to import, and the command line imports this package.
    from autograder.grading.api import grade

    return grade(lab, data, sandbox)
