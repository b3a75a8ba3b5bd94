"""Hostile submissions of the toy lab, by name, and what each must come to.

Each has code that answers `double` without doubling anything, or that attacks the grader from
an exercise or a cell of its own. `mean_rows` and `triple` are honest unless an attack says
otherwise, and keep their points. In a text, WRITABLE stands for the folder that a process may
write to, PORT for one that the network would lead to, PATHS for files of the course.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from textwrap import dedent

# Each number is what the honest notebook earns.
HONEST = {"double_check": 4.0, "mean_rows_check": 4.0, "triple_check": 2.0}
MEAN_ROWS = "def mean_rows(x):\n    return x.mean(axis=1)"
DOUBLE = "def double(x):\n    return 2 * x"
NOTHING = {"double_check": 0.0}

# What an attack writes where it can, and looks for in the next submission.
MARK = "left-behind-by-hostile"


@dataclass(frozen=True)
class Attack:
    """One hostile submission.

    Attributes
    ----------
    cells : dict
        The sources of some of the lab's cells.
    first, last : str
        A cell of its own before the first exercise, and one at the end.
    change : callable
        What else is done to the notebook.
    points : dict
        What it must earn where that is not what the honest notebook earns.
    flags : tuple of str
        How flags begin that it must get.
    shown : str
        What its outputs must hold: that it ran as far as it was meant to.
    sees_inputs : bool
        Whether it comes to know what a check passed in, and shows it.
    breaks_check : bool
        Whether it gives a check something that the check itself stumbles over.
    """

    cells: dict[str, str] = field(default_factory=dict)
    first: str = ""
    last: str = ""
    change: Callable | None = None
    points: dict[str, float] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    shown: str = ""
    sees_inputs: bool = False
    breaks_check: bool = False


ATTACKS: dict[str, Attack] = {}


def attack(name, double=None, *, points=None, cells=None, first="", last="", **more):
    """Add an attack. One that replaces `double` earns nothing for it."""
    cells = {key: dedent(text).strip() for key, text in (cells or {}).items()}
    if double is not None:
        cells["double"] = dedent(double).strip()
    if points is None:
        points = NOTHING if double is not None else {}
    assert name not in ATTACKS
    ATTACKS[name] = Attack(
        cells, dedent(first).strip(), dedent(last).strip(), points=points, **more
    )


# ---------------------------------------------------------------- making comparisons lie

attack(
    "asserts stripped by an AST transformer",
    """
    import ast
    class NoAsserts(ast.NodeTransformer):
        def visit_Assert(self, node):
            return ast.copy_location(ast.Pass(), node)
        def visit_Raise(self, node):
            return ast.copy_location(ast.Pass(), node)
    get_ipython().ast_transformers.append(NoAsserts())
    def double(x):
        return None
    """,
    flags=("tampering: IPython ast_transformers has a hook",),
)
attack(
    "sources rewritten by an input transformer",
    """
    def empty(lines):
        return ["pass\\n"] if any("assert" in line for line in lines) else lines
    get_ipython().input_transformers_post.append(empty)
    def double(x):
        return None
    """,
    flags=("tampering: IPython input_transformers_post has a hook",),
)
attack(
    "np.allclose and np.testing replaced",
    """
    import numpy as np
    true = lambda *args, **kwargs: True
    for name in ("allclose", "isclose", "array_equal", "array_equiv", "all", "any"):
        setattr(np, name, true)
    for name in dir(np.testing):
        if name.startswith("assert"):
            setattr(np.testing, name, true)
    def double(x):
        return 0 * x
    """,
    flags=("tampering: np.allclose replaced",),
)
attack(
    "the code of np.allclose's helper replaced in place",
    """
    import numpy as np
    for name in ("assert_allclose", "assert_array_equal", "assert_equal"):
        function = getattr(np.testing, name)
        function.__code__ = (lambda *args, **kwargs: None).__code__
    def double(x):
        return 0 * x
    """,
    flags=("tampering: np.testing.assert_",),
)
attack(
    "builtins replaced",
    """
    import builtins
    class Never(Exception):
        pass
    builtins.AssertionError = Never
    builtins.abs = lambda x: 0
    builtins.all = lambda x: True
    def double(x):
        return 0 * x
    """,
    flags=("tampering: builtins.",),
)
attack(
    "sys.modules replaced",
    """
    import sys, types
    class Anything(types.ModuleType):
        def __getattr__(self, name):
            return lambda *args, **kwargs: True
    for name in list(sys.modules):
        if name.startswith("numpy") or "checks" in name or "referee" in name:
            sys.modules[name] = Anything(name)
    def double(x):
        return 0 * x
    """,
    flags=("tampering: numpy",),
    # numpy looks for its own parts there: what it breaks of its own is not given back.
    points={"double_check": 0.0, "mean_rows_check": 0.0},
)
LYING_FLOAT = """
    class Lying(float):
        def __eq__(self, other): return True
        def __ne__(self, other): return False
        def __le__(self, other): return True
        def __lt__(self, other): return True
        def __ge__(self, other): return True
        def __sub__(self, other): return 0.0
        __rsub__ = __sub__
        def __abs__(self): return 0.0
        def __float__(self): return 0.0
        __hash__ = float.__hash__
    def double(x):
        return Lying(5)
    """
attack("a float subclass that equals everything", LYING_FLOAT)
attack(
    "an array subclass that equals everything",
    """
    import numpy as np
    class Lying(np.ndarray):
        def __array_ufunc__(self, *args, **kwargs): return np.True_
        def __array_function__(self, *args, **kwargs): return True
        def __array_finalize__(self, other): pass
        def __eq__(self, other): return True
        def copy(self, *args): return self
        shape = property(lambda self: (2, 5))
    def double(x):
        return np.zeros((2, 5)).view(Lying)
    """,
)
attack(
    "an object that pretends to be an array",
    """
    import numpy as np
    class Lying:
        __array_priority__ = 1e9
        shape, ndim, dtype = (2, 5), 2, np.dtype(float)
        def __array__(self, *args, **kwargs): raise SystemExit
        def __eq__(self, other): return True
        def __getattr__(self, name): return self
        def __call__(self, *args, **kwargs): return self
        def __float__(self): return 0.0
        def __len__(self): return 2
        def __getitem__(self, key): return self
        def __bool__(self): return True
    def double(x):
        return Lying()
    """,
)
attack(
    "NaN everywhere",
    """
    import numpy as np
    def double(x):
        return x * np.nan
    """,
)
attack(
    "booleans that are neither true nor false",
    """
    import numpy as np
    def double(x):
        return np.full(np.shape(x), 2, np.uint8).view(bool)
    """,
)

# ---------------------------------------------------------------- reading what is not for it

attack(
    "frames searched for what is expected",
    """
    import sys
    def double(x):
        frame, found = sys._getframe(), []
        while frame:
            found += [v for k, v in frame.f_locals.items() if k in ("expected", "right", "answer")]
            frame = frame.f_back
        return found[0] if found else 0.0
    """,
    flags=("tampering: use of sys._getframe in double",),
)
attack(
    "objects of the garbage collector searched for checks",
    """
    import gc
    def names():
        return [str(getattr(o, "__name__", "")) for o in gc.get_objects() if callable(o)]
    print([n for n in names() if n in ("doubles_numbers", "run_checks", "Referee")])
    def double(x):
        for o in gc.get_objects():
            if getattr(o, "__name__", "") == "CheckFailed":
                o.__init__ = lambda *args: None
        return 0.0
    """,
    flags=("tampering: import of gc in double",),
    shown="[]",
)
attack(
    "the disk searched for checks, gradebook and submissions",
    """
    import os
    hits = []
    for place, folders, files in os.walk("/"):
        folders[:] = [f for f in folders if f not in ("site-packages", "usr", "lib")]
        for name in files:
            path = os.path.join(place, name)
            if name in ("checks.py", "course.toml", "gradebook.db", "referee.py", "toy.ipynb"):
                hits.append(path)
    print("hits", hits)
    def double(x):
        return 0.0
    """,
    shown="hits []",
)
attack(
    "the course's own paths opened",
    first="""
    for path in PATHS:
        try:
            print("got", len(open(path, "rb").read()))
        except OSError as error:
            print(type(error).__name__)
    """,
    shown="FileNotFoundError",
)
attack(
    "hidden modules imported",
    """
    import importlib
    for name in ("autograder", "autograder.checks", "autograder.grading.referee", "nbgrader_config",
                 "_gradlab_toy_checks", "toy"):
        try:
            importlib.import_module(name)
            print("imported", name)
        except ImportError:
            print("refused")
    def double(x):
        return 0.0
    """,
    shown="refused",
)
attack(
    "the environment printed",
    first="""
    import os
    print(dict(os.environ), os.environb)
    print({name: value for name, value in os.environ.items() if "SECRET" in name})
    """,
    shown="{}",
)
attack(
    "/proc read",
    first="""
    import glob, os
    print("proc", os.listdir("/proc"))
    for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline") + ["/proc/1/maps"]:
        try:
            print(open(path, "rb").read())
        except OSError as error:
            print(type(error).__name__)
    """,
    shown="proc []",
)
attack(
    "all that is run printed by a hook",
    """
    def spy(info):
        print("SPY", info.raw_cell)
    get_ipython().events.register("pre_run_cell", spy)
    def double(x):
        return 0.0
    """,
    flags=("tampering: IPython event pre_run_cell has a hook",),
    shown="SPY",
)
attack(
    "all that is compiled, opened or imported printed by an audit hook",
    """
    import sys
    def spy(event, args):
        if event in ("compile", "exec", "open", "import"):
            log.append((event, repr(args)[:2000]))
    log = []
    sys.addaudithook(spy)
    def double(x):
        return 0.0
    """,
    last="print('LOG', log)",
    flags=("tampering: use of sys.addaudithook in double",),
    shown="LOG",
)
attack(
    "every call traced",
    """
    import sys
    calls = []
    def spy(frame, event, arg):
        calls.append((frame.f_code.co_filename, frame.f_code.co_name))
    sys.setprofile(spy)
    def double(x):
        return 0.0
    """,
    last="sys.setprofile(None); print('CALLS', len(calls), set(calls))",
    flags=("tampering: use of sys.setprofile in double",),
    shown="CALLS",
)
SPY = """
    import numpy as np
    {before}
    def double(x):
        {spy}
        return 0.0
    """
SHOW = "import os; print('SEEN', open('{0}').read() if os.path.exists('{0}') else '')"
for where, before, spy, last in (
    ("a global", "seen = []", "seen.append(x)", "print('SEEN', seen)"),
    ("a file", "", "open('WRITABLE/seen', 'a').write(repr(x))", SHOW.format("WRITABLE/seen")),
    ("a file in /dev/shm", "", "open('/dev/shm/seen', 'a').write(repr(x))",
     SHOW.format("/dev/shm/seen")),
    ("a file that was there", "seen = []; open('there', 'w').write('old')",
     "seen.append(x); open('there', 'w').write(repr(seen))", SHOW.format("there")),
    ("the place of a file", "import os; seen = []; open('there', 'w').write('old')",
     "seen.append(x); os.remove('there'); os.symlink(repr(seen), 'there')",
     "print('SEEN', os.readlink('there') if os.path.islink('there') else open('there').read())"),
    ("a pipe", "import os; r, w = os.pipe(); os.set_blocking(r, False)",
     "os.write(w, repr(x).encode())",
     "os.write(w, b'SEEN'); print(os.read(r, 9999))"),
    ("what it prints", "", "print(x)", "print('SEEN')"),
    ("a warning", "import warnings", "warnings.warn(repr(x))", "print('SEEN')"),
    ("a hook at exit", "import atexit",
     "atexit.register(lambda: open('WRITABLE/seen', 'a').write(repr(x)))",
     SHOW.format("WRITABLE/seen")),
    ("a process left behind", "import os, socket, time",
     """
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                box = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                try:
                    box.bind("\\0box"); box.listen()
                    while True:
                        box.accept()[0].send(repr(x).encode())
                finally:
                    os._exit(0)
            os._exit(0)
        time.sleep(0.05)""",
     """
        import socket
        try:
            box = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            box.connect("\\0box")
            print("SEEN", box.recv(999))
        except OSError as error:
            print("SEEN", type(error).__name__)"""),
):  # fmt: skip
    attack(f"inputs kept in {where}", SPY.format(before=before, spy=spy), last=last, shown="SEEN")
# Keeps what the process shows while it is asked. With this in front, and the checks asked each
# after its own cell, every attack above comes to know what it is after.
SHOW_ASKED = """
    import atexit, sys
    kept = []
    def answer(server, request):
        if request[0] != "ask":
            return plain(server, request)
        showing = server.shell.showing
        server.shell.showing = lambda limit: showing(2**20)
        try:
            return plain(server, request)
        finally:
            server.shell.showing = showing
            kept.append(server.shell.outputs.finished())
            atexit._run_exitfuncs()
    atexit._clear()
    plain = sys.modules["student.process"].Server._answer
    sys.modules["student.process"].Server._answer = answer
    """
attack(
    "inputs kept in memory that processes share",
    SPY.format(
        before="import mmap; m = mmap.mmap(-1, 4096)", spy="m[:len(repr(x))] = repr(x).encode()"
    ),
    last="print('SEEN', m[:99])",
    shown="SEEN",
)
for where, before, spy, last in (
    ("a datagram to the process itself",
     "import socket; box = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); box.bind('\\0box')",
     "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(repr(x).encode(), '\\0box')",
     "print('SEEN'); box.setblocking(False)\nwhile True: print(box.recv(999))"),
    ("a pipe with a name", "import os; os.mkfifo('pipe'); end = os.open('pipe', os.O_RDWR)",
     "os.write(os.open('pipe', os.O_RDWR), repr(x).encode())",
     "os.write(end, b'SEEN'); print(os.read(end, 9999))"),
    ("the time of a file", "import os; open('there', 'w').close()",
     "np.ndim(x) == 0 and type(x) is float and os.utime('there', ns=(0, int(abs(x) * 10**15)))",
     "print('SEEN', os.stat('there').st_mtime_ns / 10**15)"),
):  # fmt: skip
    attack(
        f"inputs kept in {where}", SPY.format(before=before, spy=spy), last=last, shown="SEEN"
    )  # fmt: skip
attack(
    "inputs told by an exception",
    SPY.format(before="", spy="raise ValueError(repr(x))"),
    sees_inputs=True,
)
attack(
    "requests noted by a method of the engine",
    """
    import sys
    process = sys.modules["student.process"]
    seen = []
    plain = process.Server._answer
    def answer(server, request):
        seen.append(request)
        return ["value", 0.0, []] if request[0] == "ask" else plain(server, request)
    process.Server._answer = answer
    """,
    last="print('SEEN', seen)",
    shown="SEEN",
    points={"double_check": 0.0, "mean_rows_check": 0.0, "triple_check": 0.0},
    flags=("tampering: grader Server._answer replaced",),
    breaks_check=True,
)
attack(
    "a later cell writes what an earlier exercise asks for",
    """
    def double(x):
        return 0.0
    """,
    last="double = lambda x: 2 * x; del mean_rows, triple",
)
attack(
    "the names of an exercise not put back",
    """
    def double(x):
        return 0.0
    """,
    first="""
    import sys
    moments = sys.modules["student.process"].Moment
    moments.restore = lambda self, namespace: None
    """,
    last="triple = mean_rows = None",
    points={"double_check": 0.0, "mean_rows_check": 0.0, "triple_check": 0.0},
)
attack(
    "sockets of the kernel and the host",
    first="""
    import socket
    for family in range(50):
        for kind in (1, 2, 3, 5):
            try:
                socket.socket(family, kind).close()
                if family not in (1, 2, 10):
                    print("made", family, kind)
            except OSError:
                pass
    print("made no other")
    """,
    shown="made no other",
    flags=("tampering: import of socket in code cell",),
)
attack(
    "the network",
    first="""
    import socket, urllib.request
    for address in (("127.0.0.1", PORT), ("169.254.169.254", 80), ("1.1.1.1", 53)):
        try:
            socket.create_connection(address, 0.5)
            print("connected to", address)
        except OSError as error:
            print("no way")
    """,
    shown="no way",
    flags=("tampering: import of socket in code cell",),
)

# ---------------------------------------------------------------- using up the machine

attack(
    "a fork bomb in a cell",
    first="""
    import os, time
    try:
        while True:
            if os.fork() == 0:
                time.sleep(1000)
    except OSError:
        print("no more forks")
    """,
    shown="no more forks",
    flags=("tampering: use of os.fork",),
)
attack(
    "a fork bomb in a function",
    """
    import os
    def double(x):
        while True:
            try:
                os.fork()
            except OSError:
                pass
    """,
    flags=("process died",),
)
attack(
    "threads without end",
    first="""
    import threading, time
    try:
        while True:
            threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
    except RuntimeError:
        print("no more threads")
    """,
    shown="no more threads",
)
attack(
    "a memory bomb in a cell",
    first="""
    hoard = []
    try:
        while True:
            hoard.append(bytearray(2**22))
    except MemoryError:
        print("full at", len(hoard) * 4 < 300)
        del hoard
    """,
    shown="full at True",
)
attack(
    "a memory bomb in a function",
    """
    def double(x):
        hoard = []
        while True:
            hoard.append(bytearray(2**20))
    """,
)
attack(
    "a bomb of shared memory",
    first="""
    import mmap
    hoard = []
    try:
        while len(hoard) < 1000:
            hoard.append(mmap.mmap(-1, 2**24))
        print("no limit")
    except OSError:
        print("full at", len(hoard) * 16 < 600)
    """,
    shown="full at True",
)
attack(
    "memory in files without a name",
    first="""
    import os
    try:
        os.memfd_create("x")
        print("made")
    except OSError as error:
        print(type(error).__name__)
    """,
    shown="PermissionError",
)
attack(
    "the disk filled",
    first="""
    written = 0
    for folder in ("WRITABLE", "/dev/shm"):
        try:
            for number in range(1000):
                with open(f"{folder}/hostile{number}", "wb") as file:
                    file.write(b"x" * 2**19)
                written += 0.5
        except OSError as error:
            print(error.strerror)
    print("written", written <= 16)
    """,
    shown="written True",
)
attack(
    "files without end",
    first="""
    import os
    try:
        for number in range(10**6):
            open(f"WRITABLE/hostile{number}", "w").close()
    except OSError as error:
        print(error.strerror, number <= 10_000)
    """,
    shown="No space left on device True",
)
attack(
    "one large file",
    first="""
    import os
    file = os.open("WRITABLE/hostile", os.O_WRONLY | os.O_CREAT)
    try:
        for _ in range(100):
            os.write(file, b"x" * 2**19)
    except OSError as error:
        print(error.strerror, os.fstat(file).st_size <= 2**20)
    """,
    shown="File too large True",
)
attack(
    "a flood of output",
    first="while True: print('x' * 1000)",
    flags=("output cut: code cell", "too long: code cell"),
)
attack(
    "a flood of tiny outputs",
    first="""
    import sys
    for _ in range(200_000):
        print(end="x"); print(end="y", file=sys.stderr)
    """,
    flags=("output cut: code cell",),
)
attack(
    "a flood of tracebacks",
    first="""
    for _ in range(60):
        try:
            raise ValueError("x" * 100_000)
        except ValueError:
            get_ipython().showtraceback()
    """,
    flags=("output cut: code cell",),
)
attack(
    "a flood past Python's streams",
    first="""
    import os
    for descriptor in range(3):
        for _ in range(100):
            try:
                os.write(descriptor, b"x" * 2**16)
            except OSError:
                pass
    """,
)

# ---------------------------------------------------------------- not coming back

attack(
    "an endless loop in a cell",
    "while True: pass",
    flags=("too long: double",),
)
attack("an endless loop in a function", "def double(x):\n    while True: pass")
attack(
    "an endless loop in __repr__",
    first="""
    class Slow:
        def __repr__(self):
            while True: pass
    Slow()
    """,
    flags=("too long: code cell",),
)
attack(
    "an endless loop in __del__",
    """
    class Slow:
        def __del__(self):
            while True: pass
    def double(x):
        Slow()
        return 0.0
    """,
)
attack(
    "an endless loop in the text of an exception",
    """
    class Slow(Exception):
        def __str__(self):
            while True: pass
    def double(x):
        raise Slow
    """,
)
attack(
    "a loop that swallows every interrupt",
    """
    def double(x):
        while True:
            try:
                while True: pass
            except BaseException:
                pass
    """,
)
attack(
    "signals ignored",
    first="""
    import signal
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    """,
    cells={"triple": "def triple(x):\n    while True: pass"},
    points={"triple_check": 0.0},
    flags=("tampering: signals replaced",),
)
attack(
    "signals ignored in an endless loop",
    """
    import signal
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True: pass
    """,
    flags=("process died: double",),
)
attack(
    "a loop in C that no signal breaks",
    """
    def double(x):
        return sum(range(10**12))
    """,
)
attack(
    "a process that stops itself",
    "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\ndef double(x):\n    "
    "os.kill(os.getpid(), signal.SIGSTOP)",
)

# ---------------------------------------------------------------- ending it

attack("os._exit in a cell", "import os\nos._exit(0)", flags=("process died: double",))
attack(
    "os._exit in a function",
    "import os\ndef double(x):\n    os._exit(0)",
    flags=("process died: double_check",),
)
attack("sys.exit in a cell", "import sys\nsys.exit(0)")
attack("SystemExit in a function", "def double(x):\n    raise SystemExit(0)")
for kind in ("KeyboardInterrupt", "GeneratorExit", "BaseException", "MemoryError", "StopIteration"):
    attack(f"{kind} in a function", f"def double(x):\n    raise {kind}")
attack(
    "the engine's own exception in a function",
    """
    import sys
    def double(x):
        raise sys.modules["student.limits"].TimeLimitReached
    """,
)
attack(
    "a segmentation fault",
    "import ctypes\nctypes.string_at(0)",
    flags=("process died: double", "tampering: import of ctypes"),
)
attack(
    "a stack that overflows",
    """
    import sys
    sys.setrecursionlimit(10**9)
    class Deep:
        def __eq__(self, other): return [self] == [other]
        def __hash__(self): return hash(str(self))
        def __str__(self): return str([self]) + repr(self)
        __repr__ = __str__
    def double(x):
        return repr(Deep())
    """,
)
attack(
    "parent, siblings and everyone killed",
    """
    import os, signal
    for number in (os.getppid(), -1, 0, *range(2, 400)):
        try:
            os.kill(number, signal.SIGKILL)
        except OSError:
            pass
    def double(x):
        for number in (1, 0):
            os.kill(number, signal.SIGKILL)
    """,
    flags=("tampering: use of os.kill in double",),
)
attack(
    "processes left behind",
    first="""
    import subprocess, os, time
    for _ in range(5):
        subprocess.Popen(["sleep", "1000"], start_new_session=True)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True: time.sleep(1)
        os._exit(0)
    """,
    flags=("tampering: import of subprocess",),
)
attack(
    "threads left behind",
    first="""
    import threading, time
    def busy():
        while True:
            print("busy")
            time.sleep(0.01)
    for _ in range(3):
        threading.Thread(target=busy).start()
    """,
)

# ---------------------------------------------------------------- returning what hurts

for what, value in {
    "a giant array": "np.ones(10**7 + 1)",
    "a giant array that costs nothing": "np.broadcast_to(1.0, (10**6, 10**6))",
    "a giant string": "'x' * 10**8",
    "a giant list": "[0] * 10**6",
    "a giant number": "10**100_000",
    "a number of many digits": "10**1000",
    "a list in a list in a list": "deep(10**5)",
    "a list that holds itself": "loop",
    "an object array": "np.array([x, None, []], dtype=object)",
    "an object array of numbers": "np.array([0.0] * 10, dtype=object).reshape(2, 5)",
    "a structured array": "np.zeros((2, 5), dtype='f8,f8')",
    "an array of times": "np.zeros((2, 5), dtype='M8[s]')",
    "a masked array": "np.ma.masked_all((2, 5))",
    "an array of more bits": "np.zeros(np.shape(x), np.longdouble)",
    "keys of all kinds": "{float('nan'): 1, (1, (2,)): 2, None: 3, b'': 4, 2**70: 5}",
    "many keys with one hash": "{k * (2**61 - 1): k for k in range(100_000)}",
    "half a letter": "'\\ud800'",
    "a generator": "(n for n in iter(int, 1))",
    "a class": "type",
    "a function": "double",
    "itself as a type": "type('x' * 10**6, (), {})()",
}.items():
    attack(
        f"returns {what}",
        f"""
        import numpy as np
        loop = []
        loop.append(loop)
        def deep(n):
            inner = []
            for _ in range(n):
                inner = [inner]
            return inner
        def double(x):
            return {value}
        """,
    )
attack(
    "a text of markup and control letters",
    """
    def double(x):
        raise ValueError("<script>alert(1)</script>\\x00\\x1b[2J\\ud800\\r\\n; graded")
    """,
)
