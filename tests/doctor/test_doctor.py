"""What the doctor says of this machine, of a poorer one, and how."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.cli import main
from autograder.doctor import machine, trials
from autograder.doctor.finding import Finding, table
from autograder.grading import sandbox
from autograder.grading.bubblewrap import bubblewrap
from autograder.grading.sandbox import no_sandbox_warning
from autograder.grading.student_process import CellRun

ROOT = Path(__file__).parents[2]
LIMITED = ("processes", "memory", "file size", "all files", "no network", "no course files", "time")
needs_bubblewrap = pytest.mark.skipif(bool(bubblewrap()), reason="bubblewrap does not work here")


def by_name(findings):
    return {finding.name: finding for finding in findings}


@pytest.mark.slow
@needs_bubblewrap
def test_in_the_sandbox_every_limit_binds():
    found = by_name(trials.sandbox_findings(ROOT))
    open_ends = [found[name] for name in LIMITED if found[name].state != "ok"]
    assert open_ends == []
    assert found["student's process"].state == found["bubblewrap"].state == "ok"
    assert not any(finding.unsafe for finding in found.values())


@pytest.mark.slow
def test_without_bubblewrap_the_doctor_sees_what_is_open(monkeypatch, capsys):
    monkeypatch.setattr(trials, "bubblewrap", lambda: "bubblewrap is not installed")
    monkeypatch.setattr(trials.shutil, "which", lambda _: None)
    found = by_name(trials.sandbox_findings(ROOT))
    assert found["bubblewrap"].state == "missing"
    assert "apt install bubblewrap" in found["bubblewrap"].mend
    assert found["student's process"].state == "ok"
    for name in ("no network", "no course files"):
        assert found[name].unsafe, name
        assert found[name].mend == "install bubblewrap"
    for name in ("memory", "file size", "time"):
        assert found[name].state == "ok", name


@pytest.mark.slow
@needs_bubblewrap
def test_a_limit_that_does_not_bind_is_noticed(monkeypatch):
    wide = trials.Limits(memory=2**34, file=2**30, disk=2**30, processes=4000)
    ready = trials.Ready(wide)
    monkeypatch.setattr(trials, "Sandbox", lambda kind, _: sandbox.Sandbox(kind, ready))
    found = by_name(trials.sandbox_findings(ROOT))
    for name in ("processes", "file size", "all files"):
        assert found[name].unsafe, name


class Slow:
    """A sandbox on a machine that needs so many seconds for whatever is tried."""

    kind = "bwrap"

    def __init__(self, needed):
        self.needed = needed

    def fork(self):
        return self

    def run_cell(self, source, seconds):
        if seconds < self.needed:
            interrupt = {"output_type": "error", "ename": "KeyboardInterrupt"}
            return CellRun([interrupt], stopped=True)
        return CellRun([{"output_type": "stream", "name": "stdout", "text": "20\n"}])

    def end(self):
        pass


def test_a_trial_does_not_depend_on_speed():
    trial = next(trial for trial in trials.trials(ROOT, 1) if trial.name == "processes")
    assert trials._tried(Slow(60), trial).state == "ok"
    never = trials._tried(Slow(1e9), trial)
    assert never.unsafe
    assert "not known" in never.seen
    assert trial.broken not in never.seen, "it did not see that"


def test_a_process_that_does_not_start_is_told(monkeypatch):
    class Broken(sandbox.Sandbox):
        def _connected(self):
            raise sandbox.GradlabError("no", found="clone: not permitted")

    monkeypatch.setattr(trials, "Sandbox", Broken)
    found = by_name(trials.sandbox_findings(ROOT))
    assert found["student's process"].unsafe
    assert "clone: not permitted" in found["student's process"].seen


def test_the_command_ends_with_1_where_it_is_unsafe(monkeypatch, capsys):
    for unsafe, code, word in ((True, 1, "Not safe"), (False, 0, "Safe to grade")):
        finding = Finding("bubblewrap", "missing", "not there", "install it", unsafe=unsafe)
        monkeypatch.setattr(trials, "sandbox_findings", lambda _, found=finding: [found])
        assert main(["doctor"]) == code
        assert word in capsys.readouterr().out


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 11, 0), (3, 14, 1)])
def test_an_old_python_is_told(version):
    assert (machine.python_finding(version).state == "ok") == (version >= (3, 11))


def test_missing_and_wrong_packages_are_named(monkeypatch):
    assert machine.packages_finding().state == "ok"
    have = {"numpy": "1.26", "scipy": None}
    stock = machine.installed
    monkeypatch.setattr(machine, "installed", lambda name: have.get(name, stock(name)))
    found = machine.packages_finding()
    assert found.state == "missing"
    assert "not installed: scipy" in found.seen
    assert "numpy 1.26 (needed: >=2.0)" in found.seen
    assert "pip install" in found.mend


def test_other_versions_than_tested_are_named(tmp_path):
    pins = tmp_path / "constraints.txt"
    pins.write_text("numpy==1.0  # old\nnot-a-package==3\n# words\n")
    found = machine.versions_finding(pins)
    assert found.state == "to do"
    assert "(tested: 1.0)" in found.seen
    assert "not-a-package" not in found.seen


def test_nbgrader_without_alembic_is_told(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert "alembic" in machine.nbgrader_finding().seen
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert machine.nbgrader_finding().state == "ok"


def test_forks_on_a_mac_are_unsafe():
    assert machine.fork_finding("darwin").unsafe
    assert not machine.fork_finding("linux").unsafe


def test_a_data_folder_that_is_not_there_is_told(monkeypatch, tmp_path):
    for value, state in (("digits", "ok"), (str(tmp_path), "ok"), ("/no/such/folder", "to do")):
        monkeypatch.setenv("COURSE_DATA", value)
        assert machine.data_finding().state == state


def test_little_room_is_told(monkeypatch, tmp_path):
    assert machine.room_finding(tmp_path).state in ("ok", "to do")
    monkeypatch.setattr(machine, "ROOM_GIB", 1e9)
    assert machine.room_finding(tmp_path).state == "to do"


def test_lines_are_aligned_and_not_too_long():
    shown = table(
        [
            Finding("a", "ok", "word " * 50),
            Finding("longer name", "to do", "x", "do " * 60),
        ]
    ).split("\n")
    assert all(len(line) <= 98 for line in shown)
    assert {line.index("word") for line in shown if "word" in line} == {22}
    assert shown[-1].startswith(" " * 25 + "do")


@pytest.mark.slow
def test_a_machine_without_bubblewrap_warns_once_with_what_to_do(tmp_path):
    """`gradlab grade-one` on a PATH that has no bwrap."""
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "python3").symlink_to(shutil.which("python3"))
    notebook = ROOT / "release" / "lab1_softmax" / "lab1_softmax.ipynb"
    command = [sys.executable, "-m", "autograder.cli", "grade-one", str(notebook)]
    program = "import sys; from autograder.cli import main; sys.exit(main(sys.argv[1:]))"
    command[1:3] = ["-c", program]
    environment = {**os.environ, "PATH": str(binaries)}
    auto = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert auto.stderr.count("WARNING: students' code runs without a sandbox") == 1
    assert "bubblewrap is not installed" in auto.stderr
    assert "apt install bubblewrap" in auto.stderr
    assert len(auto.stderr.strip().split("\n")) > 3
    refused = subprocess.run(
        [*command, "--sandbox", "bwrap"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "there is no sandbox on this machine" in refused.stderr


def test_the_warning_says_why():
    assert "because of --sandbox none" in no_sandbox_warning("none")
    if not bubblewrap():
        assert no_sandbox_warning("auto") == no_sandbox_warning("bwrap") == ""
