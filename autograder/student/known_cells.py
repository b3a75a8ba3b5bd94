"""A compiler that has compiled some cells before they are run.

Most cells of a submission are as they were handed out. They are compiled once, before students'
processes are forked; of the text that differs every process compiles its own.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable
from types import CodeType
from typing import Any

from IPython.core.compilerop import CachingCompiler

from .plain_cells import is_plain, plain_text

_NODES = (ast.Module, ast.Interactive)


class KnownCells(CachingCompiler):  # type: ignore[misc]
    """IPython's compiler, with some cells compiled beforehand.

    Attributes
    ----------
    changes_trees : callable
        Whether what is parsed is changed before it is compiled. Then nothing is known of it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.changes_trees: Callable[[], object] = lambda: False
        self._trees: dict[str, tuple[str, int, ast.Module]] = {}
        self._codes: dict[tuple[int, str], tuple[int, CodeType]] = {}

    def learn(self, source: str, flags: int) -> None:
        """Compile a cell as IPython will, unless IPython would change its text.

        Parameters
        ----------
        source : str
            The cell's text.
        flags : int
            What IPython adds to the compiler's flags for a cell.
        """
        if not is_plain(source) or "__future__" in source:
            return
        text = plain_text(source)
        # Without the cell's number, which is not known yet.
        name = f"<ipython-input-{hashlib.sha256(text.encode()).hexdigest()[:12]}>"
        try:
            tree = ast.parse(text, name)
            for node in tree.body:
                shown = node is tree.body[-1] and isinstance(node, ast.Expr)
                mode = "single" if shown else "exec"
                part = ast.Interactive([node]) if shown else ast.Module([node], [])
                code = compile(part, name, mode, self.flags | flags, dont_inherit=True)
                self._codes[id(node), mode] = self.flags | flags, code
        except (SyntaxError, ValueError):
            # It is said where the cell is run.
            return
        self._trees[text] = name, self.flags, tree

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        """Return what stands for the file name in the code of a cell."""
        known = self._trees.get(transformed_code)
        return known[0] if known else str(super().get_code_name(raw_code, transformed_code, number))

    def ast_parse(self, source: str, filename: str = "<unknown>", symbol: str = "exec") -> ast.AST:
        """Parse a cell."""
        name, flags, tree = self._trees.get(source, ("", 0, None))
        if tree is None or (name, flags) != (filename, self.flags) or self.changes_trees():
            return super().ast_parse(source, filename, symbol)  # type: ignore[no-any-return]
        return tree

    def __call__(self, source: Any, filename: str, symbol: str, **options: Any) -> CodeType:
        """Compile one statement of a cell."""
        if isinstance(source, _NODES) and len(source.body) == 1:
            # The trees are kept, so no other statement can have the number of one of theirs.
            flags, code = self._codes.get((id(source.body[0]), symbol), (0, None))
            if code is not None and (flags, code.co_filename) == (self.flags, filename):
                return code
        return super().__call__(source, filename, symbol, **options)  # type: ignore[no-any-return]
