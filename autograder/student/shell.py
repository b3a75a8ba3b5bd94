"""Run notebook cells as a kernel would, in this process.

The cells run in IPython's own shell, so magics, `display`, tracebacks and inline plots are
those of a notebook.
"""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from .display import Output, Outputs, Stream
from .known_cells import KnownCells
from .plain_cells import is_plain, may_await, plain_text, transformers_of
from .tamper import Fingerprint


class Shell:
    """IPython's shell with what it shows kept.

    It is made once, before students' processes are forked, because making it costs more
    than the cells of a whole submission.

    Parameters
    ----------
    known : iterable of str
        Cells that many notebooks have. They are compiled here and not in each of them.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        keeper = self
        self.outputs = Outputs(0)

        class Publisher(DisplayPublisher):  # type: ignore[misc]
            def publish(
                self, data: Any, metadata: Any = None, *, transient: Any = None, **options: Any
            ) -> None:
                display_id = (transient or {}).get("display_id")
                if options.get("update"):
                    keeper.outputs.update(data, display_id)
                else:
                    keeper.outputs.rich("display_data", data, display_id)

            def clear_output(self, wait: bool = False) -> None:
                keeper.outputs.clear(wait)

        class Hook(DisplayHook):  # type: ignore[misc]
            def write_output_prompt(self) -> None:
                pass

            def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
                count = self.prompt_count
                keeper.outputs.rich("execute_result", format_dict, execution_count=count)

            def finish_displayhook(self) -> None:
                pass

        class NotebookShell(InteractiveShell):  # type: ignore[misc]
            displayhook_class = Hook
            display_pub_class = Publisher
            compiler_class = KnownCells

            def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
                keeper.outputs.error(etype.__name__, text_of(evalue), list(stb))

            def enable_gui(self, gui: Any = None) -> None:
                pass

            def transform_cell(self, raw_cell: str) -> str:
                if is_plain(raw_cell) and transformers_of(self) == keeper.transformers:
                    return plain_text(raw_cell)
                return str(super().transform_cell(raw_cell))

            def should_run_async(self, raw_cell: str, **cell: Any) -> bool:
                return may_await(raw_cell) and super().should_run_async(raw_cell, **cell)

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        config.InteractiveShell.autocall = 0
        self.shell = NotebookShell.instance(config=config)
        self.shell.system = self.shell.system_piped
        self.shell.run_line_magic("matplotlib", "inline")
        self.transformers = transformers_of(self.shell)
        self._warm_up()
        self.shell.compile.changes_trees = lambda: self.shell.ast_transformers
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if self.shell.autoawait else 0
        for source in known:
            self.shell.compile.learn(source, flags)
        self.fingerprint = Fingerprint(self.shell)

    @property
    def namespace(self) -> dict[str, Any]:
        """The names of the notebook."""
        names: dict[str, Any] = self.shell.user_ns
        return names

    def run(self, source: str, limit: int) -> tuple[list[Output], bool]:
        """Run one cell.

        Parameters
        ----------
        source : str
            The cell's text.
        limit : int
            How many bytes it may show.

        Returns
        -------
        outputs : list of dict
            In nbformat's form.
        cut : bool
            Whether it showed more than `limit`.
        """
        with self.showing(limit):
            self.shell.run_cell(source, store_history=True)
        return self.outputs.finished(), self.outputs.cut

    @contextmanager
    def showing(self, limit: int) -> Iterator[None]:
        """Keep what is shown in this block, up to `limit` bytes."""
        self.outputs = Outputs(limit)
        before = sys.stdin, sys.stdout, sys.stderr
        sys.stdin = io.StringIO()
        sys.stdout = Stream(lambda text: self.outputs.stream("stdout", text))
        sys.stderr = Stream(lambda text: self.outputs.stream("stderr", text))
        try:
            yield
        finally:
            sys.stdin, sys.stdout, sys.stderr = before

    def _warm_up(self) -> None:
        """Do once what the first plot and the first traceback of a notebook have to do."""
        self.run("import matplotlib.pyplot as plt\nplt.plot([0, 1]);", 2**20)
        self.run("raise ValueError('warm')", 2**20)
        self.shell.reset(new_session=True)


def text_of(error: BaseException) -> str:
    """Return an exception's text, also if its own code to make it is broken."""
    try:
        return str(error)
    except Exception:
        return ""
