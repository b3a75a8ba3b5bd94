"""`gradlab verify`: prove labs, show what catches what, keep docs/kill-matrix.md."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograder.catalog import Course, Lab
from autograder.errors import GradlabError

if TYPE_CHECKING:
    from autograder.proving.proof import Proof


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `verify` to the command `gradlab`."""
    parser = subparsers.add_parser(
        "verify",
        help="prove that a lab's checks are fair and tell right from wrong",
        description="Prove labs: the solution and the alternatives earn everything, the "
        "untouched release nothing, and each misconception is caught by the check that should "
        "catch it.",
    )
    parser.add_argument("labs", nargs="*", metavar="LAB", help="all labs if none is named")
    parser.add_argument(
        "--check", action="store_true", help="do not write docs/kill-matrix.md: compare it"
    )
    parser.add_argument(
        "--seeds", type=_positive, default=1, metavar="N", help="also with the next N - 1 seeds"
    )
    parser.add_argument(
        "--mutants",
        type=_many,
        metavar="N",
        help="how many small changes of the solutions are tried, a number or all; the document "
        "is then neither written nor compared",
    )
    parser.add_argument("--explore", action="store_true", help="also run the explore cells")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Prove the labs that are named, print the report, return the exit code."""
    # What proves labs takes long to import, and the other commands share this parser.
    from autograder.proving.matrix import LEGEND
    from autograder.proving.report import count, report
    from autograder.proving.run import FORK_IS_SAFE

    if options.mutants is None and not FORK_IS_SAFE:
        # Each mutant would take a process that runs the notebook from its start.
        options.mutants = 0
        print("no mutants are tried here unless --mutants asks for them: forks are not safe\n")
    course = Course.default()
    labs = [course.lab(name) for name in dict.fromkeys(options.labs)] or course.labs()
    if not labs:
        raise GradlabError(
            f"there is no lab in {course.root}",
            expected="a folder source/<lab>/ with <lab>.py",
            mend="write a lab, or set GRADLAB_ROOT to the course",
        )
    proofs = []
    for lab in labs:
        proof = _verify(lab, options)
        print(report(proof))
        proofs.append(proof)
    print("signs: " + "; ".join(" ".join(line.split()) for line in LEGEND) + "\n")
    reasons = [(proof.lab, problem) for proof in proofs for problem in proof.problems]
    for lab, proof in zip(labs, proofs, strict=True):
        if not proof.problems:
            reasons += [(lab.name, one) for one in _record(lab, proof, check=options.check)]
    if options.mutants is None:
        reasons += [("docs", problem) for problem in _keep(course, proofs, check=options.check)]
    for number, (where, problem) in enumerate(reasons, 1):
        print(textwrap.indent(f"{number}. {where}: {problem}", "   ")[3:])
    names = ", ".join(proof.lab for proof in proofs if not proof.problems)
    if reasons:
        print(f"\nNot proved: {count(len(reasons), 'problem')}, above. Proved: {names or 'none'}.")
        return 1
    print(f"Proved: {names}.")
    return 0


def _verify(lab: Lab, options: argparse.Namespace) -> Proof:
    from tqdm import tqdm

    from autograder.proving.mutation.mutants import MOST
    from autograder.proving.verify import verify_lab

    with tqdm(desc=f"proving {lab.name}", unit="run", leave=False, disable=None) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return verify_lab(
            lab,
            seeds=options.seeds,
            explore=options.explore,
            mutants=MOST if options.mutants is None else options.mutants,
            progress=show,
        )


def _keep(course: Course, proofs: Sequence[Proof], *, check: bool) -> list[GradlabError]:
    """Write the matrix of the labs that are proved, or say that it is not up to date."""
    from autograder.proving.matrix import document, matrix_path

    proved = [proof for proof in proofs if not proof.problems]
    path = matrix_path(course)
    text = document(course, proved)
    if not proved or (path.exists() and path.read_text(encoding="utf-8") == text):
        return []
    if check:
        return [
            GradlabError(
                f"{path} is not what the labs show today",
                expected="the text that `gradlab verify` writes",
                found="another text" if path.exists() else "no file",
                mend="run `gradlab verify` and commit the file",
            )
        ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"written: {path}\n")
    return []


def _record(lab: Lab, proof: Proof, *, check: bool) -> list[GradlabError]:
    """Write what the lab's misconceptions give, or say that it is not up to date."""
    from autograder.checks.mistakes import FILE
    from autograder.proving.recorded import is_recorded, not_recorded, write_recorded

    if is_recorded(lab, proof.mistakes):
        return []
    if check:
        return [not_recorded(lab)]
    write_recorded(lab, proof.mistakes)
    print(f"written: {lab.hidden_folder / FILE}\n")
    return []


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, found {text!r}")
    return int(text)


def _many(text: str) -> int:
    if text == "all":
        return sys.maxsize
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number or all, found {text!r}")
    return int(text)
