"""The instructor's settings of nbgrader: late penalties, where the gradebook is."""

from __future__ import annotations

import os
from pathlib import Path

from traitlets.config import Config, PyFileConfigLoader

from autograder.errors import GradlabError

NAME = "nbgrader_config.py"


def nbgrader_config(folder: Path, root: Path) -> Config:
    """Read the `nbgrader_config.py` of the course folder, else that of the checkout.

    Parameters
    ----------
    folder : Path
        The folder with the submissions.
    root : Path
        The folder with the labs.

    Raises
    ------
    GradlabError
        If the file raises an error.
    """
    home = next((place for place in (folder, root) if (place / NAME).exists()), None)
    if home is None:
        return Config()
    # The file may point the environment at its own labs; here they are known already.
    before = os.environ.get("GRADLAB_ROOT")
    try:
        return PyFileConfigLoader(NAME, path=str(home)).load_config()
    except GradlabError:
        raise
    except Exception as error:
        raise GradlabError(
            f"{home / NAME} cannot be read",
            found=f"{type(error).__name__}: {error}",
            mend="correct the file; `nbgrader --help-all` names what can be set",
        ) from error
    finally:
        os.environ.pop("GRADLAB_ROOT", None)
        if before is not None:
            os.environ["GRADLAB_ROOT"] = before
