"""The small changes: what each kind of node may become.

They are the classical ones for expressions (King and Offutt, Software: Practice and Experience 21
(1991)), and slips with arrays: another axis, forgotten keepdims, a missing transpose, a factor
left out, an index off by one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

from autograder.proving.mutation.text import Edit, Text

Edits = Iterator[Edit]

_SYMBOLS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.MatMult: ("@", "*"),
    ast.Pow: ("**", "*"),
    ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "//"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.BitXor: ("^", "|"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}
_COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: ("not in", ("in",)),
}
_PAIRS = (
    ("sum", "mean"), ("max", "min"), ("argmax", "argmin"), ("maximum", "minimum"),
    ("sin", "cos"), ("zeros", "ones"), ("zeros_like", "ones_like"), ("floor", "ceil"),
    ("any", "all"), ("var", "std"), ("vstack", "hstack"),
)  # fmt: skip
_OTHER = {**dict(_PAIRS), **{right: left for left, right in _PAIRS}}
# `zip(..., strict=True)` is a belt for the writer: nothing that is right depends on it.
_HARMLESS = {"strict"}
# What a function is called as is no computation, and a message is for people.
_SILENT = {"print", "warn", "super", "isinstance"}


def edits(text: Text) -> Edits:
    """Yield every change to a cell, from its top to its end."""
    rebound = _rebound(text.tree)
    for node in _nodes(text.tree):
        for operator in _OPERATORS.get(type(node), ()):
            yield from operator(text, node)
        for body in _bodies(node):
            for statement in body:
                if _can_go(statement, rebound):
                    yield text.replace(statement, "pass")


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield nodes in the order of the text, without docstrings, types, messages and prints."""
    yield tree
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.operand, ast.Constant):
        return  # a negative number is one number
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST) and not _is_for_people(node):
                yield from _nodes(node)


def _is_for_people(node: ast.AST) -> bool:
    match node:
        case ast.keyword(arg=str(name)) if name in _HARMLESS:
            return True
        case ast.Raise() | ast.Assert() | ast.JoinedStr() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))):
            return name in _SILENT
    return False


def _binary(text: Text, node: ast.BinOp) -> Edits:
    old, new = _SYMBOLS[type(node.op)]
    start, end = text.between(node.left, node.right, old)
    yield Edit(start, end, new)
    first, last = text.span(node)
    yield Edit(first, last, text.text[first:start].strip())
    yield Edit(first, last, text.text[end:last].strip())


def _augmented(text: Text, node: ast.AugAssign) -> Edits:
    old, new = _SYMBOLS[type(node.op)]
    start, end = text.between(node.target, node.value, f"{old}=")
    yield Edit(start, end, f"{new}=")
    yield Edit(start, end, "=")


def _compare(text: Text, node: ast.Compare) -> Edits:
    sides = [node.left, *node.comparators]
    for op, left, right in zip(node.ops, sides, sides[1:], strict=False):
        old, others = _COMPARISONS[type(op)]
        start, _ = text.between(left, right, old.split()[0])
        end = text.between(left, right, old.split()[-1])[1]
        for new in others:
            yield Edit(start, end, new)


def _boolean(text: Text, node: ast.BoolOp) -> Edits:
    old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    for left, right in zip(node.values, node.values[1:], strict=False):
        yield Edit(*text.between(left, right, old), new)


def _unary(text: Text, node: ast.UnaryOp) -> Edits:
    if not isinstance(node.op, ast.UAdd):
        inner = text.span(node)
        kept = text.text[inner[0] : inner[1]].removeprefix("not").lstrip("-~ ")
        yield Edit(*inner, kept)
    if isinstance(node.op, ast.USub):
        yield from _constant(text, node.operand, node)


def _constant(text: Text, node: ast.expr, whole: ast.expr | None = None) -> Edits:
    """Change a number; the minus before it belongs to it."""
    if not isinstance(node, ast.Constant):
        return
    value: Any = node.value
    whole = whole or node
    if whole is not node and isinstance(value, (int, float)):
        value = -value
    if isinstance(value, bool):
        yield text.replace(whole, str(not value))
    elif isinstance(value, int):
        yield text.replace(whole, str(value + 1))
        yield text.replace(whole, str(value - 1))
    elif isinstance(value, float):
        yield text.replace(whole, repr(2 * value) if value else "1.0")


def _condition(text: Text, node: ast.If | ast.IfExp | ast.While) -> Edits:
    yield text.replace(node.test, f"not ({text.of(node.test)})")


def _call(text: Text, node: ast.Call) -> Edits:
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    plain = not any(isinstance(argument, ast.Starred) for argument in node.args)
    for keyword in node.keywords:
        flips = isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, bool)
        if keyword.arg and keyword.arg not in _HARMLESS and not flips:
            yield text.without_argument(node, keyword)
    if name in _SILENT or not plain:
        return
    for left, right in zip(node.args, node.args[1:], strict=False):
        (start, middle), (second, end) = text.span(left), text.span(right)
        between = text.text[middle:second]
        yield Edit(start, end, text.of(right) + between + text.of(left))
    method = isinstance(node.func, ast.Attribute)
    if len(node.args) == 1 and name != "append":
        yield text.replace(node, _bracketed(text, node.args[0]))
    elif isinstance(node.func, ast.Attribute) and not node.args:
        yield text.replace(node, text.of(node.func.value))
    if name == "range" and len(node.args) == 1:
        yield text.replace(node.args[0], f"1, {text.of(node.args[0])}")
        yield text.replace(node.args[0], f"{_bracketed(text, node.args[0])} - 1")
    if method and name in _OTHER:
        start, end = text.span(node.func)
        yield Edit(end - len(name), end, _OTHER[name])


def _attribute(text: Text, node: ast.Attribute) -> Edits:
    if node.attr == "T":
        yield text.replace(node, text.of(node.value))


def _subscript(text: Text, node: ast.Subscript) -> Edits:
    """Make an index that is a name one less; those that are numbers change as numbers."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for part in parts:
        bounds = [part.lower, part.upper] if isinstance(part, ast.Slice) else [part]
        for bound in bounds:
            if isinstance(bound, ast.Name):
                yield text.replace(bound, f"{bound.id} - 1")


def _tuple(text: Text, node: ast.Tuple) -> Edits:
    if isinstance(node.ctx, ast.Load):
        for left, right in zip(node.elts, node.elts[1:], strict=False):
            (start, middle), (second, end) = text.span(left), text.span(right)
            yield Edit(start, end, text.of(right) + text.text[middle:second] + text.of(left))


def _loop_end(text: Text, node: ast.Break | ast.Continue) -> Edits:
    yield text.replace(node, "break" if isinstance(node, ast.Continue) else "continue")


_Operator = Callable[[Text, Any], Edits]
_OPERATORS: dict[type[ast.AST], tuple[_Operator, ...]] = {
    ast.BinOp: (_binary,),
    ast.AugAssign: (_augmented,),
    ast.Compare: (_compare,),
    ast.BoolOp: (_boolean,),
    ast.UnaryOp: (_unary,),
    ast.Constant: (_constant,),
    ast.If: (_condition,),
    ast.IfExp: (_condition,),
    ast.While: (_condition,),
    ast.Call: (_call,),
    ast.Attribute: (_attribute,),
    ast.Subscript: (_subscript,),
    ast.Tuple: (_tuple,),
    ast.Break: (_loop_end,),
    ast.Continue: (_loop_end,),
}


def _bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        body = getattr(node, name, None)
        if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
            yield body


def _can_go(statement: ast.stmt, rebound: set[str]) -> bool:
    """Whether a statement can be left out without a name that is missing afterwards."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))):
            return name not in _SILENT
        case ast.AugAssign() | ast.Raise() | ast.If(orelse=[]):
            return True
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name in rebound
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            return True
    return False


def _rebound(tree: ast.AST) -> set[str]:
    """Return the names that are bound more than once, as arguments or by assignments."""
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        elif isinstance(node, ast.arg):
            names.append(node.arg)
    return {name for name in names if names.count(name) > 1}


def _bracketed(text: Text, node: ast.expr) -> str:
    """Return the text of a node, in brackets unless it holds together without."""
    words = text.of(node)
    loose = isinstance(
        node, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.Lambda)
    )
    return f"({words})" if loose or re.search(r"\n", words) else words
