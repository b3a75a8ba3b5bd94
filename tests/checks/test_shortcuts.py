"""What a forbidden shortcut is found by, what it costs, and what is no shortcut."""

import math
import operator
import sys
from types import ModuleType

import numpy as np
import pytest

import course_utils
from autograder.checks import check, close, forbid, probe, reading, run_checks
from autograder.checks.reading import mentioned
from autograder.checks.shortcuts import forbidden_by
from autograder.checks.verdict import MIME, Verdict
from autograder.errors import GradlabError
from autograder.student.side import StudentError, StudentSide
from autograder.student.watch import Watch

SAYS = "Write softmax yourself."
NAMES = ("course_utils.stable_softmax", "course_utils.functions.stable_softmax")

forbid("mine", *NAMES, "scipy.special.softmax", "math.fsum", says=SAYS)
forbid("net", "course_utils.Network.backprop", "collections.OrderedDict", says="Write it.")


@check("mine", points=2)
def rows_sum_to_one(student, rng):
    """Each row sums to one."""
    close(student.mine(rng.normal(size=(3, 4))).sum(axis=1), np.ones(3))


@probe
def from_a_probe(student, x):
    return student.mine(x)


@check("mine", points=1)
def works_from_a_probe(student, rng):
    """It works from elsewhere too."""
    close(student.run(from_a_probe, rng.normal(size=(2, 3))).sum(axis=1), np.ones(2))


@check("net", points=1)
def has_gradients(student, rng):
    """There are gradients."""
    network = student.Net((2, 3))
    network.backprop(rng.normal(size=(2, 2)), rng.normal(size=(2, 3)))


@check("free", points=1)
def anything_goes(student, rng):
    """Nothing is forbidden here."""
    close(student.mine(rng.normal(size=(1, 4))).sum(), 1.0)


MINE = [rows_sum_to_one, works_from_a_probe]
OWN = """
import numpy as np
def mine(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
"""

# Ways to take it: as cells.
TAKEN = {
    "directly": ["import course_utils", "def mine(x):\n    return course_utils.stable_softmax(x)"],
    "under another name": [
        "import course_utils as cu\nf = cu.functions.stable_softmax",
        "def mine(x):\n    return f(x)",
    ],
    "as itself": ["from course_utils import stable_softmax as mine"],
    "by a star": ["from course_utils import *\ndef mine(x):\n    return stable_softmax(x)"],
    "inside": [
        "def mine(x):\n    from scipy.special import softmax as s\n    return s(x, axis=-1)"
    ],
    "by getattr": [
        "import course_utils\ndef mine(x):\n    return getattr(course_utils, 'stable_softmax')(x)"
    ],
    "by a name in two pieces": [
        "import course_utils\n"
        "def mine(x):\n    return getattr(course_utils, 'stable_' 'softmax')(x)"
    ],
    "in letters that resemble others": [
        "import course_utils\ndef mine(x):\n    return course_utils.\uff53table_softmax(x)"
    ],
    "by importlib": [
        "import importlib\ndef mine(x):\n"
        "    return importlib.import_module('scipy.special').softmax(x, axis=-1)"
    ],
    "through a helper": [
        "from course_utils import stable_softmax\ndef helper(x):\n    return stable_softmax(x)",
        "class Deep:\n    def go(self, x):\n        return helper(x)",
        "def mine(x):\n    return Deep().go(x)",
    ],
    "in a lambda": ["import course_utils", "mine = lambda x: course_utils.stable_softmax(x)"],
    "in a partial": [
        "from functools import partial\nimport course_utils",
        "mine = partial(course_utils.stable_softmax, axis=-1)",
    ],
    "after a definition of one's own": [OWN, "import course_utils\nold = mine\n"
        "def mine(x):\n    old(x)\n    return course_utils.stable_softmax(x)"],
    "after a magic": ["%%time\nimport course_utils",
        "import course_utils\n%matplotlib inline\n"
        "def mine(x):\n    return course_utils.stable_softmax(x)"],
}  # fmt: skip
# Ways that reading cannot see.
HIDDEN = {
    "a computed name": [
        "import course_utils\n"
        "def mine(x):\n    return getattr(course_utils, 'stable_' + 'softmax')(x)"
    ],
    "a list of functions": [
        "import course_utils\nfs = [f for f in vars(course_utils).values() if callable(f)]",
        "def mine(x):\n    return [f for f in fs if 'table_s' in f.__name__][0](x)",
    ],
    "written in C": [
        OWN + "import math\nf = vars(math)['fsu' + 'm']\nold = mine\n"
        "def mine(x):\n    f([1.0])\n    return old(x)"
    ],
}
# What an honest student may write.
HONEST = {
    "own work": [OWN],
    "a comparison beside it": [
        OWN + "import course_utils\nx = course_utils.stable_softmax(np.eye(2))",
        "def compare(x):\n    return mine(x) - course_utils.stable_softmax(x)\ncompare(np.eye(2))",
    ],
    "the same name for something else": [
        OWN.replace("mine", "stable_softmax") + "def mine(x):\n    return stable_softmax(x)"
    ],
    "a first attempt replaced": ["from course_utils import stable_softmax as mine", OWN],
    "a local of the same name": [
        "import numpy as np\nfrom course_utils import stable_softmax as e" + OWN
    ],
    "other things of the library": [
        OWN + "from scipy.special import logsumexp\n"
        "def mine(x):\n    return np.exp(x - logsumexp(x, axis=-1, keepdims=True))"
    ],
}

NETWORKS = {
    "inherited": ["import course_utils\nclass Net(course_utils.Network): pass"],
    "inherited twice": [
        "from course_utils import Network\nclass Net(Network): pass\nclass Net(Net): pass"
    ],
    "set from outside": [
        "import course_utils\nclass Net(course_utils.Network):\n    def backprop(self, x, y): pass",
        "Net.backprop = course_utils.Network.backprop",
    ],
    "by super": [
        "import course_utils\nclass Net(course_utils.Network):\n"
        "    def backprop(self, x, y):\n        return super().backprop(x, y)"
    ],
}


def ran(cells):
    """Return the names of a notebook after its cells have run."""
    names = {"__name__": "notebook"}
    for cell in cells:
        exec("\n".join(line for line in cell.split("\n") if line[:1] != "%"), names)
    return names


def verdict(cells, *, checks=MINE, sources=()):
    return run_checks(checks, ran(cells), lab="toy", seed=1, sources=sources)


@pytest.mark.parametrize("cells", TAKEN.values(), ids=TAKEN)
def test_both_ways_find_a_shortcut(cells):
    watched = verdict(cells)
    assert watched.shortcut is not None, "by what is entered"
    assert mentioned(cells, ["mine"], forbidden_by(MINE).names), "by what is written"
    assert (watched.points, watched.max_points) == (0, 3)


@pytest.mark.parametrize("cells", HIDDEN.values(), ids=HIDDEN)
def test_what_reading_cannot_see_is_seen_running(cells):
    assert not mentioned(cells, ["mine"], forbidden_by(MINE).names)
    assert verdict(cells, sources=cells).shortcut is not None


@pytest.mark.parametrize("cells", [*TAKEN.values(), *HIDDEN.values(), *NETWORKS.values()])
def test_what_is_left_out_by_its_words_would_not_be_found(cells, monkeypatch):
    names = (*NAMES, "course_utils.Network.backprop", "torch.softmax", "math.fsum", "__main__.f")
    found = mentioned(cells, ["mine", "Net"], names)
    monkeypatch.setattr(reading, "_possible", lambda *known: known[-1])
    assert mentioned(cells, ["mine", "Net"], names) == found


@pytest.mark.parametrize(
    ("cell", "possible"),
    [
        ("y = 1", ["__main__.x"]),
        ("import torch", ["__main__.x"]),
        ("import torch\nf = torch.nn.functional.relu", ["__main__.x", "torch.nn.functional.relu"]),
        ("class Mine(torch.nn.Module): pass", ["__main__.x", "torch.nn.Module.train"]),
        ("setattr(a, b, c)", None),
        ("# \xe9", None),
    ],
)
def test_which_names_cells_can_lead_to(cell, possible):
    names = ["__main__.x", "torch.softmax", "torch.nn.functional.relu", "torch.nn.Module.train"]
    assert reading._possible([cell], ["x"], names) == (names if possible is None else possible)


def test_what_does_not_run_is_read():
    cells = ["import course_utils", OWN.replace(
        "    return", "    if x is None:\n        course_utils.stable_softmax(x)\n    return"
    )]  # fmt: skip
    assert verdict(cells).shortcut is None
    assert "calls course_utils.stable_softmax" in verdict(cells, sources=cells).shortcut.seen


@pytest.mark.parametrize("cells", HONEST.values(), ids=HONEST)
def test_honest_work_keeps_its_points(cells):
    found = verdict(cells, sources=cells)
    assert found.shortcut is None
    assert found.points == found.max_points == 3


@pytest.mark.parametrize("cells", NETWORKS.values(), ids=NETWORKS)
def test_a_method_that_is_inherited_or_delegated_to_is_a_shortcut(cells):
    assert verdict(cells, checks=[has_gradients]).shortcut is not None
    assert mentioned(cells, ["Net"], ["course_utils.Network.backprop"])


def test_a_class_that_another_is_made_from_counts_by_what_is_inherited():
    """Checks may ask for the class of an earlier exercise too."""
    earlier = "import course_utils\nclass Base:\n    backprop = course_utils.Network.backprop\n"
    replaces = earlier + "class Net(Base):\n    def backprop(self, x, y):\n        return x"
    keeps = earlier + "class Net(Base):\n    pass"
    for cell, found in ((replaces, set()), (keeps, {"course_utils.Network.backprop"})):
        assert mentioned([cell], ["Base", "Net"], ["course_utils.Network.backprop"]) == found


def test_a_method_that_is_replaced_is_none():
    cells = [
        "import course_utils\nclass Net(course_utils.Network):\n"
        "    def backprop(self, x, y):\n        return [x], [y]"
    ]
    assert verdict(cells, checks=[has_gradients], sources=cells).points == 1


def test_a_class_is_entered_when_an_object_of_it_is_made():
    cells = [
        "from course_utils import Network\nfrom collections import OrderedDict\n"
        "class Net:\n    def __init__(self, sizes): pass\n"
        "    def backprop(self, x, y):\n        return OrderedDict(a=1)"
    ]
    assert mentioned(cells, ["Net"], forbidden_by([has_gradients]).names)


def test_what_the_watch_calls_itself_is_not_watched():
    forbidden = ("torch.Tensor.softmax", "builtins.str.upper", "builtins.any", "builtins.next")
    side = StudentSide({})
    side.request("begin", 1, forbidden)
    with pytest.raises(StudentError):
        side.request("name", "mine")
    for _ in range(2):
        assert side.request("entered") == []


def test_another_exercise_may_call_it():
    assert verdict(TAKEN["directly"], checks=[anything_goes]).points == 1


def test_what_a_star_brings_stands_in_no_cell():
    cells = ["from course_utils import *"]
    assert mentioned(cells, ["stable_softmax"], NAMES) == {NAMES[0]}


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="there that does not switch it off")
def test_switching_off_the_watch_is_seen():
    off = "def mine(x):\n    sys.setprofile(None)\n    return old(x)"
    found = verdict([f"{OWN}import sys\nold = mine\n{off}"])
    assert found.shortcut.seen == "mine calls sys.setprofile"
    assert sys.getprofile() is None


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="there it is not to be had")
@pytest.mark.parametrize("what", ["clear", "disable"])
def test_to_lay_hands_on_the_watch_is_seen(what):
    watch = Watch(["course_utils.stable_softmax"])
    with watch:
        getattr(sys.getprofile(), what)()
    assert watch.entered() == ["sys.setprofile"]
    with watch:
        course_utils.stable_softmax(np.eye(2))
    assert watch.entered() == ["course_utils.stable_softmax", "sys.setprofile"]


def test_who_measures_their_own_time_does_not_go_unwatched():
    cells = ["import cProfile\nown = cProfile.Profile()\nown.enable()", *TAKEN["directly"]]
    names = ran(cells)
    try:
        found = run_checks(MINE, names, lab="toy", seed=1)
    finally:
        names["own"].disable()
    assert found.shortcut is not None


COPIES = {
    "loaded again": "importlib.reload(sys.modules[name])",
    "loaded beside it": "beside(sys.modules[name].__file__)",
    "compiled from its text": "compiled(pathlib.Path(sys.modules[name].__file__).read_text())",
}


@pytest.mark.parametrize("how", COPIES.values(), ids=COPIES)
def test_a_copy_of_the_library_is_the_library(how):
    cells = [
        "import importlib, importlib.util, pathlib, sys, types\n"
        "name = 'course_utils.functions'\nimport course_utils.functions\n"
        "def beside(path):\n"
        "    spec = importlib.util.spec_from_file_location('course_utils.mine', path)\n"
        "    module = importlib.util.module_from_spec(spec)\n"
        "    spec.loader.exec_module(module)\n    return module\n"
        "def compiled(text):\n    module = types.ModuleType('course_utils.mine')\n"
        "    module.__package__ = 'course_utils'\n"
        "    exec(compile(text, 'mine', 'exec'), vars(module))\n    return module",
        f"def mine(x):\n    return vars({how})['stable_' + 'softmax'](x, -1)",
    ]
    found = verdict(cells)
    assert "course_utils.stable_softmax" in found.shortcut.seen


@pytest.mark.parametrize(
    "cell",
    [
        "class Mine(list):\n    def sort(self):\n        super().sort()\nMine([2, 1]).sort()",
        "class Mine(list):\n    sort = '?'\nlist.sort(Mine())",
        "clib.order([2, 1])",
    ],
)
def test_a_method_in_c_is_seen_whatever_object_it_is_called_on(cell):
    sys.modules["clib"] = clib = ModuleType("clib")
    clib.order = clib.other = list.sort
    clib.List = list
    try:
        watch = Watch(["clib.List.sort", "clib.List.append"])
        with watch:
            exec(cell, {"clib": clib})
        assert watch.entered() == ["clib.List.sort"]
    finally:
        del sys.modules["clib"]


def test_what_is_imported_while_it_is_watched_is_seen():
    sys.modules["late"] = late = ModuleType("late")
    exec("def fast(x):\n    return x", vars(late))
    del sys.modules["late"]
    watch = Watch(["late.fast"])
    with watch:
        pass
    assert watch.entered() == []
    sys.modules["late"] = late
    try:
        with watch:
            late.fast(1)
        assert watch.entered() == ["late.fast"]
    finally:
        del sys.modules["late"]


def test_the_hook_from_before_is_put_back_whatever_happens(monkeypatch):
    def mine_to_keep(*_):
        pass

    watch = Watch(["course_utils.stable_softmax"])
    sys.setprofile(mine_to_keep)
    try:
        monkeypatch.setattr(watch._codes, "end", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError), watch:
            pass
        assert sys.getprofile() is mine_to_keep
    finally:
        sys.setprofile(None)


def test_a_profiler_goes_on_after_the_checks():
    def mine_to_keep(*_):
        pass

    sys.setprofile(mine_to_keep)
    try:
        verdict([OWN])
        assert sys.getprofile() is mine_to_keep
    finally:
        sys.setprofile(None)


def test_the_verdict_says_why():
    found = verdict(TAKEN["directly"])
    row = found.rows[0]
    assert (row.status, row.hint, row.points) == ("failed", SAYS, 0)
    assert (
        row.seen == "mine calls course_utils.stable_softmax, course_utils.functions.stable_softmax"
    )
    assert [outcome.status for outcome in found.outcomes] == ["passed", "passed"]
    for shown in (found.to_text(), found.to_html()):
        assert SAYS in shown
    data = found._repr_mimebundle_()[MIME]
    assert (data["points"], data["max_points"]) == (0, 3)
    assert Verdict.from_json(data).to_html() == found.to_html()
    assert "shortcut" not in verdict([OWN]).to_json()


class Mute(StudentSide):
    """A side that does not tell what was entered, as after it was tampered with."""

    def __init__(self, names, reply):
        super().__init__(names)
        self.reply = reply

    def request(self, operation, *operands):
        if operation == "entered":
            if isinstance(self.reply, Exception):
                raise self.reply
            return self.reply
        return super().request(operation, *operands)


@pytest.mark.parametrize("reply", [None, "", {}, 0, StudentError("SystemExit", "it ended")])
def test_where_nobody_knows_what_was_entered_no_check_passes(reply):
    found = run_checks(MINE, Mute(ran([OWN]), reply), lab="toy", seed=1, sources=[OWN])
    assert found.shortcut is None, "it is not said to have taken one"
    assert {outcome.status for outcome in found.outcomes} == {"error"}
    assert all(outcome.seen for outcome in found.outcomes)
    assert found.points == 0


def test_a_check_that_failed_keeps_its_reason_where_nobody_knows():
    side = Mute({"mine": lambda x: x}, StudentError("SystemExit", "it ended"))
    found = run_checks(MINE, side, lab="toy", seed=1)
    assert {outcome.status for outcome in found.outcomes} == {"failed"}


def test_a_shortcut_that_crashes_is_still_said():
    cells = [TAKEN["directly"][0], TAKEN["directly"][1] + " / None"]
    found = verdict(cells)
    assert found.shortcut is not None
    assert {outcome.status for outcome in found.outcomes} == {"error"}


@pytest.mark.parametrize("cell", ["x = (", "def f(:", "\x00", "!ls", "class", "(" * 500])
def test_what_is_no_python_is_left_out(cell):
    assert mentioned([cell, *TAKEN["directly"]], ["mine"], NAMES) == {NAMES[0]}


@pytest.mark.parametrize(
    "cells",
    [
        ["a = b\nb = a\nmine = a"],
        ["class A(A): pass\nclass A(A): pass\nmine = A"],
        ["class A(B): pass\nclass B(A): pass\nmine = A"],
        ["def mine(x):\n    return mine(mine)"],
        ["mine = mine"],
        [f"def f{n}():\n    f{n + 1}()" for n in range(2000)] + ["mine = f0"],
        ["mine = " + "x" * 200_000],
    ],
)
def test_circles_come_to_an_end(cells):
    assert mentioned(cells, ["mine"], NAMES) == set()


def test_declarations_that_are_wrong_are_refused():
    for names, says in [(["softmax"], "x"), (["a b.c"], "x"), ([], "x"), (["a.b"], " ")]:
        with pytest.raises(GradlabError, match="forbid"):
            forbid("other", *names, says=says)
    with pytest.raises(GradlabError, match="twice"):
        forbid("mine", "a.b", says="x")


def test_what_is_written_in_c_is_seen_under_each_of_its_names():
    watch = Watch(["operator.__add__", "math.fsum", "math.floor"])
    with watch:
        operator.add(1, 2)
        math.fsum([1.0])
    assert watch.entered() == ["operator.__add__", "math.fsum"]
