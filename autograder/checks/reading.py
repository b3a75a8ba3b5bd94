"""Read a notebook's cells for what an exercise calls, without running them.

It starts at the names that the checks ask for, and follows what these use: helper functions,
other names for the same thing, inherited methods. Code that they do not use does not count:
a student may well compare with the library's version.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from autograder.kept import kept_of_short

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
# What a name stands for: a dotted name of a library, a definition or an expression in a cell.
_Meaning = str | _Definition | ast.expr
_Scope = dict[str, "_Meaning | None"]
# A name that no cell binds: perhaps a built-in function, perhaps from an `import *`.
_UNKNOWN = "?"
# How many names or classes lead from one to the next, and how long a cell is, in all honesty.
_DEEPEST = 20
_LONGEST = 100_000
# What was read of so many cells is kept: the next exercise is read from the same cells, and the
# next notebook has many of them too.
_CELLS_KEPT = 128
# Where a definition keeps what `_uses` found in it.
_USES = "gradlab_uses"
# By these a text gets at a name that it does not spell out.
_INDIRECT = frozenset(["getattr", "setattr", "__import__", "import_module"])
_TELLING_CALLS = frozenset(["getattr", "__import__", "import_module", "super"])


def mentioned(sources: Sequence[str], roots: Iterable[str], forbidden: Sequence[str]) -> set[str]:
    """Return the forbidden names that the definitions of `roots` lead to.

    Parameters
    ----------
    sources : sequence of str
        The code cells, in the order in which they ran. What is no Python is left out.
    roots : iterable of str
        Names that the cells define.
    forbidden : sequence of str
        Dotted names.
    """
    roots = tuple(roots)
    possible = _possible(sources, roots, forbidden)
    if not possible:
        return set()
    reader = _Reader(_Notebook(sources), possible)
    names = [ast.Name(root, ast.Load()) for root in roots]
    # A class that another one is made from counts by what that one inherits.
    bases = {base for name in names for base in reader.bases(name)}
    for name in names:
        # Nothing that a person wrote is nested so deeply.
        with suppress(RecursionError):
            if id(reader.notebook.names.get(name.id)) not in bases:
                reader.follow(name, {})
    return reader.found


def _possible(
    sources: Sequence[str], roots: Sequence[str], forbidden: Sequence[str]
) -> Sequence[str]:
    """Return those of the names that roots in cells can lead to, by the words that they hold.

    A class inherits a method without a word of it; a module cannot be inherited from.
    """
    # What is asked for may stand in no cell: `import *` brings it.
    words: set[str] = {"__main__", *roots}
    for source in sources:
        own = _words(source)
        if own is None:
            return forbidden
        words |= own
    parts = {name: name.split(".") for name in forbidden}
    return [
        name
        for name in forbidden
        if words.issuperset(parts[name][:-1]) and (len(parts[name]) > 2 or parts[name][-1] in words)
    ]


@kept_of_short(_CELLS_KEPT)
def _words(source: str) -> frozenset[str] | None:
    """Return the words of a cell; None if it may use a name that is not among them."""
    if len(source) > _LONGEST:
        return frozenset()
    # Python takes letters of other alphabets for those they resemble.
    found = frozenset(re.findall(r"\w+", source)) if source.isascii() else _INDIRECT
    return found if found.isdisjoint(_INDIRECT) else None


class _Notebook:
    """What the names of a notebook stand for at its end."""

    def __init__(self, sources: Sequence[str]) -> None:
        self.names: _Scope = {}
        self.attributes: dict[str, dict[str, ast.expr]] = {}
        self.stars: list[str] = []
        # For the id of a node, the name under which to look up what it stood for at its place.
        self.earlier: dict[int, str] = {}
        # They are kept as long as their ids are.
        self._trees = [_tree(source) for source in sources]
        for tree in self._trees:
            for statement in _statements(tree.body):
                self._keep_earlier(statement)
                _bind(statement, self.names, self.stars)
                self._set_attributes(statement)

    def _keep_earlier(self, statement: ast.stmt) -> None:
        """Keep what is about to be replaced for where it is used in the new one.

        An example is ``class Network(Network)``.
        """
        name = ""
        used: list[ast.expr] = []
        match statement:
            case ast.ClassDef(name=name, bases=used):
                pass
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                used = [value]
        if name not in self.names:
            return
        earlier = f"{name}@{len(self.names)}"
        for node in (node for expression in used for node in ast.walk(expression)):
            if isinstance(node, ast.Name) and node.id == name:
                self.earlier[id(node)] = earlier
                self.names[earlier] = self.names[name]

    def _set_attributes(self, statement: ast.stmt) -> None:
        """Note `Network.backprop = backprop`, also written with setattr."""
        match statement:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    match target:
                        case ast.Attribute(value=ast.Name(id=owner), attr=name):
                            self.attributes.setdefault(owner, {})[name] = value
            case ast.Expr(
                ast.Call(
                    func=ast.Name(id="setattr"),
                    args=[ast.Name(id=owner), ast.Constant(value=str(name)), value],
                )
            ):
                self.attributes.setdefault(owner, {})[name] = value


@dataclass
class _Reader:
    """Follows names through a notebook, each definition once."""

    notebook: _Notebook
    forbidden: Sequence[str]
    found: set[str] = field(default_factory=set)
    _seen: set[int] = field(default_factory=set)

    def follow(
        self, expression: ast.expr, scope: _Scope, owner: ast.ClassDef | None = None
    ) -> None:
        """Read what an expression stands for."""
        match expression:
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=name) if owner:
                for base in owner.bases:
                    self._method(base, name, {})
                return
            case ast.Attribute(value=value, attr=name):
                if isinstance(self._meaning(value, scope), ast.ClassDef):
                    self._method(value, name, scope)
                    return
        meaning = self._meaning(expression, scope)
        if isinstance(meaning, str):
            for path in self._paths(meaning):
                self.found.update(name for name in self.forbidden if _is_or_in(path, name))
        elif isinstance(meaning, ast.ClassDef):
            self._class(meaning)
        elif meaning is not None and meaning is not expression:
            if isinstance(meaning, _FUNCTIONS):
                self.found.update({f"__main__.{meaning.name}"} & set(self.forbidden))
            self._read(meaning, None)

    def bases(self, name: ast.expr, depth: int = 0) -> set[int]:
        """Return the classes of the notebook that a class is made from, each as its id."""
        meaning = self._meaning(name, {}) if depth < _DEEPEST else None
        found: set[int] = set()
        for base in meaning.bases if isinstance(meaning, ast.ClassDef) else ():
            found |= {id(self._meaning(base, {})), *self.bases(base, depth + 1)}
        return found - {id(None)}

    def _paths(self, path: str) -> list[str]:
        """Return a path, or for a name that only `import *` explains, all it may be."""
        if not path.startswith(_UNKNOWN):
            return [path]
        rest = path.removeprefix(_UNKNOWN)
        return [f"{module}.{rest}" for module in self.notebook.stars]

    def _meaning(self, expression: ast.expr, scope: _Scope, depth: int = 0) -> _Meaning | None:
        """Return what an expression stands for; None if reading does not tell."""
        if depth > _DEEPEST:
            return None
        match expression:
            case ast.Name(id=name):
                name = self.notebook.earlier.get(id(expression), name)
                if name in scope:
                    local = scope[name]
                    if isinstance(local, ast.expr):
                        # What a function computes is read with the function.
                        return self._meaning(local, scope, depth + 1)
                    return local
                meaning = self.notebook.names.get(name, f"{_UNKNOWN}{name}")
                if isinstance(meaning, ast.expr):
                    return self._meaning(meaning, {}, depth + 1) or meaning
                return meaning
            case ast.Attribute(value=value, attr=name):
                return self._attribute(value, name, scope, depth)
            case ast.Call(func=ast.Name(id="getattr"), args=[value, ast.Constant(str(name)), *_]):
                return self._attribute(value, name, scope, depth)
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                return module
        return None

    def _attribute(self, value: ast.expr, name: str, scope: _Scope, depth: int) -> _Meaning | None:
        meaning = self._meaning(value, scope, depth + 1)
        if isinstance(meaning, str):
            return f"{meaning}.{name}"
        if isinstance(meaning, ast.ClassDef):
            return self._members(meaning).get(name)
        return None

    def _read(self, node: ast.AST, owner: ast.ClassDef | None) -> None:
        """Follow everything that a definition or expression uses."""
        if id(node) in self._seen:
            return
        self._seen.add(id(node))
        scope, parts = _uses(node)
        for part in parts:
            self.follow(part, scope, owner)

    def _class(self, definition: ast.ClassDef) -> None:
        """Read a class: its members, and what it inherits and does not replace."""
        if id(definition) in self._seen:
            return
        self._seen.add(id(definition))
        for member in self._members(definition).values():
            self._member(member, definition)
        for base in definition.bases:
            self._inherited(base, set(self._members(definition)))

    def _inherited(self, base: ast.expr, replaced: set[str], depth: int = 0) -> None:
        meaning = self._meaning(base, {}) if depth < _DEEPEST else None
        if isinstance(meaning, str):
            for path in self._paths(meaning):
                for name in self.forbidden:
                    method = name.removeprefix(f"{path}.")
                    if _is_or_in(path, name) or method not in {name, *replaced}:
                        self.found.add(name)
        elif isinstance(meaning, ast.ClassDef):
            members = self._members(meaning)
            for name, member in members.items():
                if name not in replaced:
                    self._member(member, meaning)
            for further in meaning.bases:
                self._inherited(further, replaced | set(members), depth + 1)

    def _method(self, base: ast.expr, name: str, scope: _Scope, depth: int = 0) -> None:
        """Read one method of a class, wherever it is inherited from."""
        meaning = self._meaning(base, scope) if depth < _DEEPEST else None
        if isinstance(meaning, str):
            for path in self._paths(meaning):
                self.found.update({f"{path}.{name}"} & set(self.forbidden))
        elif isinstance(meaning, ast.ClassDef):
            members = self._members(meaning)
            if name in members:
                self._member(members[name], meaning)
                return
            for further in meaning.bases:
                self._method(further, name, {}, depth + 1)

    def _member(self, member: _Meaning | None, owner: ast.ClassDef) -> None:
        if isinstance(member, ast.expr):
            self.follow(member, {}, owner)
            self._read(member, owner)
        elif isinstance(member, ast.AST):
            self._read(member, owner)
        elif isinstance(member, str):
            self.found.update({member} & set(self.forbidden))

    def _members(self, definition: ast.ClassDef) -> _Scope:
        members: _Scope = {}
        for statement in _statements(definition.body):
            _bind(statement, members, [])
        known = self.notebook.names.get(definition.name)
        return members | (self.notebook.attributes.get(definition.name, {}) if known else {})


def _is_or_in(path: str, name: str) -> bool:
    return path == name or path.startswith(f"{name}.")


def _bind(statement: ast.AST, names: _Scope, stars: list[str]) -> None:
    """Note the names that a statement binds."""
    match statement:
        case ast.Import(names=aliases):
            for alias in aliases:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        case ast.ImportFrom(module=str(module), names=aliases, level=0):
            for alias in aliases:
                if alias.name == "*":
                    stars.append(module)
                else:
                    names[alias.asname or alias.name] = f"{module}.{alias.name}"
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            assert isinstance(statement, (*_FUNCTIONS, ast.ClassDef))
            names[name] = statement
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Name):
                    names[target.id] = value
                elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                    for one, its in zip(target.elts, value.elts, strict=False):
                        if isinstance(one, ast.Name):
                            names[one.id] = its
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            names[name] = value
        case ast.NamedExpr(target=ast.Name(id=name), value=value):
            names[name] = value


def _uses(node: ast.AST) -> tuple[_Scope, list[ast.expr]]:
    """Return what a definition or expression binds itself, and all it uses."""
    known: tuple[_Scope, list[ast.expr]] | None = vars(node).get(_USES)
    if known is None:
        parts = list(ast.walk(node))
        scope = _local_names(node, parts)
        used: list[ast.expr] = [
            part
            for part in parts
            if isinstance(part, (ast.Name, ast.Attribute, ast.Call))
            and not isinstance(getattr(part, "ctx", None), (ast.Store, ast.Del))
        ]
        if isinstance(node, _FUNCTIONS):
            # Of an expression nothing is left out: its names may be those of before.
            used = [part for part in used if _may_tell(part, scope)]
        known = scope, used
        setattr(node, _USES, known)
    return known


def _may_tell(part: ast.expr, scope: _Scope) -> bool:
    """Whether reading can tell what a name, an attribute or a call in a function stands for."""
    while isinstance(part, ast.Attribute):
        part = part.value
    if isinstance(part, ast.Name):
        return scope.get(part.id, part) is not None
    if isinstance(part, ast.Call):
        called = part.func
        name = getattr(called, "id", None) or getattr(called, "attr", None)
        return name in _TELLING_CALLS
    return False


def _local_names(node: ast.AST, parts: Sequence[ast.AST]) -> _Scope:
    """Return what a function binds itself; None where reading does not tell what it is."""
    names: _Scope = {}
    for part in parts:
        if isinstance(part, ast.arg):
            names.setdefault(part.arg, None)
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            names.setdefault(part.id, None)
        elif part is not node:
            _bind(part, names, [])
    for part in parts:
        if isinstance(part, ast.Global):
            for name in part.names:
                names.pop(name, None)
    return names


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements and those inside them, but not what stands in definitions."""
    for statement in body:
        yield statement
        if not isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
            inner = [part for part in ast.iter_child_nodes(statement) if isinstance(part, ast.stmt)]
            for handler in ast.iter_child_nodes(statement):
                if isinstance(handler, (ast.ExceptHandler, ast.match_case)):
                    inner += handler.body
            yield from _statements(inner)


@kept_of_short(_CELLS_KEPT)
def _tree(source: str) -> ast.Module:
    """Return a cell's tree, without its magics; an empty one if it is not Python."""
    if len(source) > _LONGEST:
        return ast.Module([], [])
    plain = "\n".join(
        "pass" if line.lstrip().startswith(("%", "!", "?")) else line for line in source.split("\n")
    )
    for text in (source, plain):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return ast.Module([], [])
