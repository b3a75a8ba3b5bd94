"""Grade all submissions of a lab: many processes that grade, one that writes.

A run may be killed at any moment. Of each submission the files are written first, then, in
one transaction, its grades and the record of what they came of. What is on record and still
true is not graded again; anything else is, and ends as it would have ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from autograder.catalog import Lab
from autograder.errors import GradlabError
from autograder.grading.configuration import nbgrader_config
from autograder.grading.fingerprint import grader_digest, package_digest, submission_digest
from autograder.grading.grade import fault, grade_submission, not_graded
from autograder.grading.gradebook import GradebookWriter
from autograder.grading.graded import Graded
from autograder.grading.lock import only_one
from autograder.grading.match import name_of
from autograder.grading.nursery import Nursery
from autograder.grading.package import LabPackage
from autograder.grading.packing import package_lab
from autograder.grading.pool import WorkerLost, call_in_processes, processors
from autograder.grading.record import Record
from autograder.grading.sandbox import Kind, resolve
from autograder.grading.submissions import (
    Submission,
    find_students,
    is_student_id,
    read_submission,
)
from autograder.reporting.results import ResultsFile, results_file, row_of, write_whole

GRACE_SECONDS = 120.0


class Outcomes(dict[str, Graded]):
    """The outcomes of a run by student, sorted; without the notebooks, which are on the disk.

    Attributes
    ----------
    unchanged : frozenset of str
        The students whose outcome is that of an earlier run.
    """

    unchanged: frozenset[str] = frozenset()


def grade_course(
    lab: Lab,
    folder: Path,
    *,
    jobs: int | None = None,
    student: str | None = None,
    force: bool = False,
    cluster: str | None = None,
    sandbox: Kind = "auto",
    nursery: Nursery | None = None,
) -> Outcomes:
    """Grade the submissions of `lab` in a course folder.

    Writes `autograded/<student>/<lab>/<lab>.ipynb`, the gradebook and `results/<lab>.csv`. A
    submission is passed over when it, the lab and the grader are as they were when it was
    graded. A run that is stopped leaves nothing half done; the next one goes on from there.

    Parameters
    ----------
    lab : Lab
        The lab.
    folder : Path
        The folder that holds `submitted/`.
    jobs : int, optional
        How many submissions at a time; by default one for each processor.
    student : str, optional
        Grade this one only, and leave all others as they are.
    force : bool
        Grade again also what is unchanged.
    cluster : str, optional
        The address of a Dask scheduler, whose workers grade in the place of processes here.
    sandbox : {"auto", "bwrap", "none"}
        What surrounds students' code; "auto" takes bubblewrap where it works.
    nursery : Nursery, optional
        One that has been started for this lab and sandbox. Without it, and without a cluster,
        one is started.

    Returns
    -------
    Outcomes
        The outcomes by student.

    Raises
    ------
    GradlabError
        If there is nothing to grade, or the lab, the gradebook or the cluster is at fault, or
        another run is at work.
    """
    folder = folder.resolve()
    students = find_students(folder, lab.name, student)
    config = nbgrader_config(folder, lab.course.root)
    results = results_file(folder, lab.name)
    outcomes = Outcomes()
    with ExitStack() as stack:
        if nursery is None and cluster is None:
            nursery = stack.enter_context(Nursery(resolve(sandbox)))
        package = package_lab(lab)
        if nursery:
            nursery.prepare(package.ready)
        stack.enter_context(
            only_one(results.with_name(f".{lab.name}.lock"), f"grades {lab.name} in {folder}")
        )
        gradebook = stack.enter_context(GradebookWriter(folder, package, config))
        records = gradebook.records()
        if student is None and (gone := set(records) - set(students)):
            gradebook.forget(gone)
            records = {name: record for name, record in records.items() if name not in gone}
        address = nursery.address if nursery else ""
        run = _Run(package, folder, {} if force else records, gradebook, sandbox, address)
        rows = [row_of(name, record.graded) for name, record in records.items()]
        with (
            ResultsFile(results, rows) as table,
            closing(run.outcomes(students, jobs or processors(), cluster)) as coming,
            tqdm(total=len(students), desc=lab.name, unit="submission", leave=False) as bar,
        ):
            for name, graded in coming:
                outcomes[name] = graded
                table.put(row_of(name, graded))
                bar.update()
        gradebook.refresh_penalties(run.unchanged)
    ordered = Outcomes(sorted(outcomes.items()))
    ordered.unchanged = frozenset(run.unchanged)
    return ordered


class _Run:
    """One run over the submissions of one lab."""

    def __init__(
        self,
        package: LabPackage,
        folder: Path,
        records: dict[str, Record],
        gradebook: GradebookWriter,
        sandbox: Kind,
        nursery: str,
    ) -> None:
        self.package = package
        self.folder = folder
        self.records = records
        self.gradebook = gradebook
        self.where = sandbox, nursery
        self.grading = grader_digest() + package_digest(package)
        self.unchanged: set[str] = set()

    def outcomes(
        self, students: list[str], jobs: int, cluster: str | None
    ) -> Generator[tuple[str, Graded]]:
        """Yield each student's outcome once it is on the disk, or is known to be there."""
        # What needs no worker, with its outcome.
        ready: list[tuple[Submission, str, Graded]] = []
        names = {name for cell in self.package.notebook.cells if (name := name_of(cell))}

        def calls() -> Iterator[tuple[tuple[Submission, str], tuple[Any, ...]]]:
            for student in students:
                submission = read_submission(self.folder, self.package.lab, student, names)
                digest = submission_digest(self.grading, submission)
                if self._is_unchanged(student, digest):
                    self.unchanged.add(student)
                elif submission.data is None:
                    refused = not_graded(self.package, submission.status, submission.reason)
                    ready.append((submission, digest, refused))
                else:
                    # The bytes go to the worker and need not wait here.
                    yield (replace(submission, data=None), digest), (submission.data, *self.where)

        for (submission, digest), result in self._results(calls(), jobs, cluster):
            if isinstance(result, WorkerLost):
                reason = f"The grader itself failed: {result}. Grade this submission again."
                result = not_graded(self.package, "failed", reason)
            yield submission.student, self._written(submission, digest, result)
        for submission, digest, refused in ready:
            yield submission.student, self._written(submission, digest, refused)
        for student in self.unchanged:
            yield student, self.records[student].graded

    def _results(
        self,
        calls: Iterator[tuple[tuple[Submission, str], tuple[Any, ...]]],
        jobs: int,
        cluster: str | None,
    ) -> Iterator[tuple[tuple[Submission, str], Graded | WorkerLost]]:
        seconds = self.package.settings.submission_seconds + GRACE_SECONDS
        shared = (self.package,)
        if cluster is None:
            return call_in_processes(
                grade_submission, calls, jobs=jobs, seconds=seconds, shared=shared
            )
        from autograder.grading.cluster import call_on_cluster

        return call_on_cluster(
            grade_submission, calls, address=cluster, seconds=seconds, shared=shared
        )

    def _is_unchanged(self, student: str, digest: str) -> bool:
        record = self.records.get(student)
        if record is None or record.digest != digest:
            return False
        # Somebody may have removed the file, or stock nbgrader written another.
        path = self._home(student) / f"{self.package.lab}.ipynb"
        return record.notebook == (_digest(path.read_bytes()) if path.exists() else "")

    def _home(self, student: str) -> Path:
        return self.folder / "autograded" / student / self.package.lab

    def _written(self, submission: Submission, digest: str, result: Graded) -> Graded:
        """Put one outcome on the disk and into the gradebook; return it, or why that failed."""
        student, notebook = submission.student, result.notebook
        graded = replace(result, flags=submission.flags + result.flags, notebook=None)
        if graded.status == "failed":
            # Nothing is known: grades and files stay, and the next run tries again.
            record, enter = Record(graded), False
        else:
            record = Record(graded, digest, "" if notebook is None else _digest(notebook))
            enter = is_student_id(student)
        try:
            if enter:
                self._write_files(submission, notebook)
            self.gradebook.write(student, record, submission.timestamp, enter=enter)
        except Exception as error:
            # The others go on; this one has a row that says why.
            reason = error.what if isinstance(error, GradlabError) else fault(error)
            return replace(graded, status="failed", reason=reason)
        return graded

    def _write_files(self, submission: Submission, notebook: bytes | None) -> None:
        home = self._home(submission.student)
        path = home / f"{self.package.lab}.ipynb"
        if notebook is None:
            # What an earlier submission left there is not this one's.
            path.unlink(missing_ok=True)
        else:
            write_whole(path, notebook)
        if submission.timestamp:
            write_whole(home / "timestamp.txt", f"{submission.timestamp}\n".encode())
        else:
            (home / "timestamp.txt").unlink(missing_ok=True)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
