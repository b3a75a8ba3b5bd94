"""Write all final grades into one file, with nbgrader's export plugin."""

from __future__ import annotations

from pathlib import Path

from nbgrader.plugins import CsvExportPlugin

from autograder.errors import GradlabError
from autograder.grading.configuration import nbgrader_config
from autograder.grading.gradebook import gradebook_url, open_gradebook
from autograder.reporting.results import write_whole


def export_grades(folder: Path, root: Path, to: Path | None = None) -> Path:
    """Write `grades.csv`: scores by hand, bonus points and late penalties included.

    Parameters
    ----------
    folder : Path
        The course folder.
    root : Path
        The folder with the labs; its nbgrader settings are used if `folder` has none.
    to : Path, optional
        Where to write; `folder`/grades.csv by default.

    Raises
    ------
    GradlabError
        If there is no gradebook.
    """
    folder = folder.resolve()
    config = nbgrader_config(folder, root)
    url = gradebook_url(folder, config)
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        raise GradlabError(
            f"there is no gradebook in {folder}",
            expected=url,
            mend=f"run: gradlab grade LAB --course {folder}",
        )
    target = to or folder / "grades.csv"
    draft = target.with_name(f".{target.name}.draft")
    try:
        with open_gradebook(url) as gradebook:
            CsvExportPlugin(config=config, to=str(draft)).export(gradebook)
        write_whole(target, draft.read_bytes())
    finally:
        draft.unlink(missing_ok=True)
    return target
