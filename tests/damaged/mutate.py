"""Seeded damage to a notebook at three levels: its cells, its JSON, and its bytes."""

import json
import random
from copy import deepcopy

from tests.damaged.accidents import colab, nested
from tests.damaged.books import as_bytes, code, lines, retyped

ODD_TEXT = [
    "\0",
    "\ud800",
    "\udc00\ud83d",
    "\r",
    "\r\n\r\n",
    "\x1b[31m",
    "\x0b\x0c\x85",
    "\u2028\u2029",
    "\u202e\u200f",
    "\ufeff\ufffe\uffff",
    "\N{GRINNING FACE}",
    "'''",
    '"""',
    "\\",
    "### BEGIN HIDDEN TESTS\n",
    "### END HIDDEN TESTS\n",
    "<<<<<<< HEAD\n",
    "x" * 3000,
    "\n" * 500,
]
ODD_VALUES = [
    None,
    True,
    0,
    -1,
    3.5,
    1e308,
    float("nan"),
    10**30,
    "",
    "x",
    "\ud800",
    [],
    {},
    [[], [None]],
    {"nbgrader": {}},
    ["def double(x):\n", None, "    return 2 * x"],
    nested(120),
]


def mutated(book, seed):
    """Return the bytes of a damaged copy of a notebook; the same for the same seed."""
    rng = random.Random(seed)
    book = deepcopy(book)
    levels = rng.choice([(cells,), (text,), (tree,), (cells, text), (cells, text, tree), (tree,)])
    for level in levels:
        for _ in range(rng.randint(1, 5)):
            level(book, rng)
    file = written(book, rng)
    if rng.random() < 0.3:
        for _ in range(rng.choice([1, 1, 1, 2, 5])):
            file = damaged(file, rng)
    return file


def cells(book, rng):
    """Do to the cells what people do with a mouse."""
    all_cells = book["cells"]
    if not all_cells:
        return
    at, other = rng.randrange(len(all_cells)), rng.randrange(len(all_cells))
    one, two = all_cells[at], all_cells[other]
    accident = rng.choice(
        ["delete", "copy", "move", "merge", "split", "type", "strip", "swap", "ids", "add"]
    )
    if accident == "delete":
        del all_cells[at]
    elif accident == "copy":
        all_cells.insert(other, deepcopy(one))
    elif accident == "move":
        all_cells.insert(other, all_cells.pop(at))
    elif accident == "merge" and at != other:
        one["source"] = lines("".join(one["source"]) + "\n\n" + "".join(two["source"]))
        del all_cells[other]
    elif accident == "split":
        half = rng.randint(0, len(one["source"]))
        rest = deepcopy(one) if rng.random() < 0.5 else code("")
        one["source"], rest["source"] = one["source"][:half], one["source"][half:]
        all_cells.insert(at + 1, rest)
    elif accident == "type" and "id" in one:
        all_cells[at] = retyped(one, rng.choice(["code", "markdown", "raw"]))
    elif accident == "strip":
        for cell in all_cells if rng.random() < 0.3 else [one]:
            cell["metadata"] = {}
            cell.pop("id", None)
    elif accident == "swap":
        key = rng.choice(["source", "metadata"])
        one[key], two[key] = two[key], one[key]
    elif accident == "ids" and "id" in two:
        one["id"] = two["id"]
    elif accident == "add":
        all_cells.insert(at, code(rng.choice(ODD_TEXT)))


def text(book, rng):
    """Put odd characters into a cell, or take some out."""
    if not book["cells"]:
        return
    cell = rng.choice(book["cells"])
    whole = "".join(cell["source"])
    start = rng.randint(0, len(whole))
    end = min(len(whole), start + rng.choice([0, 0, 1, 5, 40]))
    whole = whole[:start] + rng.choice([*ODD_TEXT, ""]) + whole[end:]
    cell["source"] = whole if rng.random() < 0.5 else lines(whole)


def tree(book, rng):
    """Delete, copy, replace, move, or rename one value anywhere in the JSON data."""
    places = list(walk(book))
    # Most values lie deep down; each depth gets its turn.
    depth = rng.choice(sorted({deep for _, _, deep in places}))
    owner, key, _ = rng.choice([place for place in places if place[2] == depth])
    accident = rng.choice(["delete", "retype", "retype", "copy", "move", "rename"])
    if accident == "delete":
        del owner[key]
    elif accident == "retype":
        owner[key] = deepcopy(rng.choice(ODD_VALUES))
    elif accident == "copy" and isinstance(owner, list):
        owner.insert(rng.randint(0, len(owner)), deepcopy(owner[key]))
    elif accident == "rename" and isinstance(owner, dict):
        owner[rng.choice(["cells", "source", "input", "metadata", "nbgrader", "x"])] = owner.pop(
            key
        )
    else:
        value = deepcopy(owner[key])
        other, place, _ = rng.choice(places)
        other[place] = value


def walk(value, depth=0):
    """Yield (owner, key, depth) of every value in JSON data."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key, depth
        if isinstance(value[key], (dict, list)):
            yield from walk(value[key], depth + 1)


def written(book, rng):
    style = rng.choice(["plain", "plain", "plain", "ascii", "bom", "utf-16", "cp1252", "colab"])
    if style == "colab":
        try:
            return colab(deepcopy(book))
        except (AttributeError, KeyError, TypeError, ValueError):
            style = "plain"  # Colab would not have opened it
    # Half a surrogate pair can be written as an escape alone.
    encoded = json.dumps(book, indent=1, ensure_ascii=True)
    if style == "ascii":
        return encoded.encode()
    try:
        file = as_bytes(book)
        return {
            "plain": lambda: file,
            "bom": lambda: b"\xef\xbb\xbf" + file,
            "utf-16": lambda: file.decode().encode("utf-16"),
            "cp1252": lambda: file.decode().encode("cp1252"),
        }[style]()
    except UnicodeEncodeError:
        return encoded.encode()


def damaged(file, rng):
    """Return a file with some of its bytes changed."""
    at = rng.randint(0, len(file))
    end = min(len(file), at + rng.choice([1, 1, 8, 500]))
    accident = rng.choice(["flip", "flip", "cut", "insert", "delete", "repeat", "conflict"])
    if accident == "flip" and at < len(file):
        flipped = bytes([file[at] ^ (1 << rng.randrange(8))])
        return file[:at] + flipped + file[at + 1 :]
    if accident == "cut":
        return file[:at]
    if accident == "insert":
        return file[:at] + rng.randbytes(rng.choice([1, 1, 4, 100])) + file[at:]
    if accident == "delete":
        return file[:at] + file[end:]
    if accident == "repeat":
        return file[:end] + file[at:]
    if accident == "conflict":
        return file[:at] + b"\n<<<<<<< HEAD\n" + file[at:end] + b"\n>>>>>>> main\n" + file[end:]
    return file
