"""What lets a program start sooner; imported before anything else.

nbformat's schema checker builds a grammar of web addresses as it is imported, which takes a
second. It does without where there is none, and no notebook's schema asks for one.
"""

import sys
from types import ModuleType

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

_PAGES = ("assignment_list", "course_list", "formgrader", "validate_assignment")
_MANAGERS = ("jupytext.sync_contentsmanager", "jupytext.async_contentsmanager")


def without_web_pages() -> None:
    """Let nbgrader and jupytext be imported without what they add to Jupyter's web server.

    For a process that serves no pages: the web server takes as long to import as all the rest.
    """
    for name in _PAGES:
        empty = ModuleType(f"nbgrader.server_extensions.{name}")
        vars(empty)["load_jupyter_server_extension"] = None
        sys.modules.setdefault(empty.__name__, empty)
    for name in _MANAGERS:
        # It takes that as: the web server is not installed.
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
