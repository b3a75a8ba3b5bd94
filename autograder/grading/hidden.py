"""The hidden checks of a lab as text, so that they can be sent to another machine."""

from __future__ import annotations

import hashlib
import linecache
import sys
from functools import lru_cache
from types import ModuleType

from autograder.catalog import Lab
from autograder.checks import Check, mistakes
from autograder.checks.shortcuts import checks_of
from autograder.errors import GradlabError


def hidden_text(lab: Lab) -> str:
    """Return the text of `checks.py` in the lab's hidden folder, empty if there is none.

    What is recorded of known mistakes goes with it, as a last line.
    """
    path = lab.hidden_folder / "checks.py"
    # It says where a fault is, and that the text is good.
    lab.checks()
    if not path.exists():
        return ""
    recorded = lab.mistakes_text()
    line = f"\n{mistakes.NOTED} = {recorded!r}\n" if recorded else ""
    return path.read_text(encoding="utf-8") + line


@lru_cache(maxsize=16)
def checks_in(text: str, lab: str) -> dict[str, list[Check]]:
    """Return the checks in a text by exercise, in the order they are written.

    Parameters
    ----------
    text : str
        What `hidden_text` returned.
    lab : str
        The lab's name.

    Raises
    ------
    GradlabError
        If the text cannot be executed by itself.
    """
    mark = hashlib.sha256(text.encode()).hexdigest()[:12]
    module = ModuleType(f"_gradlab_{lab}_checks_{mark}")
    # No file has this name: a check that reads what lies beside it fails here as elsewhere.
    module.__file__ = f"<checks of {lab} {mark}>"
    # `probe` looks up the text of its function there.
    linecache.cache[module.__file__] = (
        len(text),
        None,
        text.splitlines(keepends=True),
        module.__file__,
    )
    sys.modules[module.__name__] = module
    try:
        code = compile(text, module.__file__, "exec", dont_inherit=True)
        exec(code, module.__dict__)  # noqa: S102 (the author's own)
    except Exception as error:
        del sys.modules[module.__name__]
        raise GradlabError(
            f"the hidden checks of {lab} do not stand alone",
            expected="a checks.py that imports only installed packages and reads no file "
            "beside it, since it is sent to the machines that grade",
            found=f"{type(error).__name__}: {error}",
        ) from error
    return checks_of(module)
