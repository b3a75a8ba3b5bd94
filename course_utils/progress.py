"""Progress bars that suit where the code runs: a notebook, a terminal, or a log file."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm


def in_notebook() -> bool:
    """Return whether this code runs in a Jupyter kernel.

    Examples
    --------
    >>> in_notebook()
    False
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in shell.config


def progress_bar(total: int, description: str, unit: str, *, unit_scale: bool = False) -> tqdm[Any]:
    """Return a tqdm progress bar, to be used in a ``with`` statement.

    In a notebook it is a widget, or one line of text where ipywidgets is missing; in a terminal
    it is one line of text. Where the error stream is a file or a pipe it shows nothing, since a
    bar would fill it with thousands of lines.

    Parameters
    ----------
    total : int
        Number of steps.
    description : str
        What is shown in front of the bar.
    unit : str
        What one step is.
    unit_scale : bool
        Whether large numbers are shortened: 12.3M.
    """
    with warnings.catch_warnings():
        # Without ipywidgets tqdm warns and then uses text, which is all right.
        warnings.simplefilter("ignore")
        from tqdm.auto import tqdm
    # None: tqdm is silent on what is no terminal. Widgets do not ask for a terminal; the line of
    # text in a notebook needs to be told, and is drawn once a second at most, to keep it small.
    notebook = in_notebook()
    return tqdm(
        total=total,
        desc=description,
        unit=unit,
        unit_scale=unit_scale,
        disable=False if notebook else None,
        mininterval=1.0 if notebook else 0.1,
        dynamic_ncols=not notebook,
    )
