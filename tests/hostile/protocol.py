"""Attacks on the machinery: the process, the connection, the namespaces."""

from __future__ import annotations

from tests.hostile.attacks import NOTHING, attack

NONE = {"double_check": 0.0, "mean_rows_check": 0.0, "triple_check": 0.0}

# How a student's code finds the engine in its own process.
FIND = """
    import gc, os, signal, socket, struct, sys
    import numpy as np
    process, wire = sys.modules["student.process"], sys.modules["student.wire"]
    server = next(o for o in gc.get_objects() if type(o) is process.Server)
    box = server.channel.connection
"""


def machinery(name, body, **more):
    lines = (FIND + body).rstrip()
    attack(name, first=lines, **more)


def reply_with(name, head, tail="b''", **more):
    """Add a process that answers every question of a check with one frame."""
    body = f"""
    import msgpack
    E = msgpack.ExtType
    def answer(self, request):
        if request[0] != "ask":
            return plain(self, request)
        head, tail = {head}, {tail}
        box.sendall(struct.pack(">II", len(head), len(tail)) + head + tail)
        raise SystemExit
    plain = process.Server._answer
    def carried_out(self, request):
        try:
            return before(self, request)
        except SystemExit:
            return None
    before, send = process.Server._carried_out, process.Server._send
    process.Server._answer = answer
    process.Server._carried_out = carried_out
    process.Server._send = lambda self, reply: None if reply is None else send(self, reply)
"""
    more.setdefault("points", NONE)
    more.setdefault("breaks_check", True)
    machinery(f"answers {name}", body, **more)


# Each of these is what the referee must not take, or must survive to take.
PACK = "msgpack.packb"
reply_with("with what is right for no question", f"{PACK}(['value', 0.0])")
reply_with("that it was judged and passed", f"{PACK}(['judged', [], False, 'passed', ''])")
reply_with("that it has ended", f"{PACK}(['resumed', 0])")
reply_with("that it is ready", f"{PACK}(['ready'])")
reply_with("with an unfinished array", f"{PACK}(['value', E(1, {PACK}(['<f8', [9], 0]))])")
reply_with("with one array many times", f"{PACK}(['value', [E(1, {PACK}(['<f8', [10**6], 0]))"
           " for _ in range(10**5)]])", "bytes(8 * 10**6)")  # fmt: skip
reply_with("with empty lists without end",
           "b'\\x92\\xa5value\\xdd' + struct.pack('>I', 150_000) +"
           " 150_000 * (b'\\xdc\\x00\\x64' + 100 * b'\\x90')")  # fmt: skip
reply_with("with lists in lists", "b'\\x92\\xa5value' + 300 * b'\\x91' + b'\\xc0'")
reply_with("with extensions in extensions",
           "(lambda f, n, d: f(f, n, d))(lambda f, n, d: d if n == 0 else"
           f" f(f, n - 1, {PACK}([E(2, d)])), 100, {PACK}([1]))")  # fmt: skip
reply_with("with colliding keys", "b'\\x92\\xa5value' + b'\\xdf' + struct.pack('>I', 10**5) +"
           f" b''.join({PACK}(E(5, {PACK}(format(k * (2**61 - 1), 'x')))) + b'\\x01'"
           " for k in range(10**5))")  # fmt: skip
reply_with("with a reference to anything", f"{PACK}(['value', E(3, {PACK}([2**62, 'x' * 999]))])")
reply_with("with a time", f"{PACK}(['value', E(-1, bytes(4))])")
reply_with("with an unknown extension", f"{PACK}(['value', E(99, b'')])")
reply_with("with an object array", f"{PACK}(['value', E(1, {PACK}(['|O', [1], 0]))])", "bytes(8)")
reply_with("with a negative shape", f"{PACK}(['value', E(1, {PACK}(['<f8', [-1], 0]))])")
reply_with("with a key that is no key", "b'\\x92\\xa5value\\x81\\x90\\x01'")
reply_with("with a NaN for a key", f"{PACK}(['value', {{float('nan'): 1}}])")
reply_with("with a name that is no name", f"{PACK}(['raised', '\\n' * 10**5, 'x' * 10**6, True])")
reply_with("with a wrong type", f"{PACK}(['raised', 1, 2, 3])")
reply_with("with nothing", "b''")
reply_with("with random bytes", "b'\\xc1' * 100")

for name, reply in {
    "a status that does not exist": '["judged", [], False, "<b>excellent", "x"]',
    "a status far too long": '["judged", [], False, "passed" * 10**5, "x" * 10**6]',
    "outputs that are none": '["judged", [1, {}, {"output_type": "stream"}], False, "passed", ""]',
}.items():
    machinery(f"visible asserts answered with {name}", f"""
    plain = process.Server._answer
    def answer(self, request):
        return {reply} if request[0] == "visible" else plain(self, request)
    process.Server._answer = answer
    """)  # fmt: skip

machinery(
    "outputs larger than the limit sent",
    """
    plain = process.Server._answer
    def answer(self, request):
        if request[0] != "cell":
            return plain(self, request)
        huge = {"output_type": "error", "ename": "x" * 10**5, "evalue": "y" * 10**5,
                "traceback": ["z" * 10**6]}
        empty = {"output_type": "stream", "name": "stdout", "text": ""}
        return ["ran", [huge] * 4 + [empty] * 30_000, False]
    process.Server._answer = answer
    """,
    flags=("output cut",),
    points=NONE,
)
machinery("half a frame sent", "    box.sendall(b'\\0\\0')\n    os._exit(0)")
machinery(
    "a frame of 4 GiB announced",
    "    box.sendall(b'\\xff' * 8)",
    flags=("process died: code cell",),
)
machinery("the socket flooded", "    box.sendall(b'A' * 2**20)", flags=("process died: code cell",))
machinery("the socket closed", "    box.close()", flags=("process died: code cell",))
machinery(
    "the socket closed below",
    "    for number in range(3, 256):\n        try: os.close(number)\n        except OSError: pass",
    flags=("process died: code cell",),
)
machinery("the socket's methods replaced", "    socket.socket.sendall = socket.socket.recv = None",
          flags=("process died: code cell",))  # fmt: skip
machinery("the socket shut down", "    box.shutdown(2)", flags=("process died: code cell",))
attack(
    "junk written to every descriptor",
    """
    import os
    def double(x):
        for number in range(256):
            try:
                os.write(number, b"junk" * 100)
            except OSError:
                pass
        return 0.0
    """,
)
machinery(
    "many answers sent ahead",
    """
    frame = wire.encode(["value", 0.0])
    ran = wire.encode(["ran", [], False])
    judged = wire.encode(["judged", [], False, "passed", ""])
    box.sendall((ran + judged) * 50 + frame * 500)
    """,
    # Its answers come too early for the honest work too.
    points=NONE,
)
machinery(
    "os.fork and its friends replaced",
    """
    for name in ("fork", "_exit", "kill", "waitpid", "setsid", "closerange", "killpg"):
        setattr(os, name, lambda *args: 0)
    signal.signal = signal.getsignal = lambda *args: None
    """,
    flags=("tampering: os.",),
)
machinery(
    "everything of the engine deleted",
    """
    for module in (process, wire):
        for name in list(vars(module)):
            if not name.startswith("__"):
                delattr(module, name)
    """,
    flags=("process died: code cell",),
)
machinery(
    "names of the notebook deleted",
    "    globals().clear()",
)
attack(
    "streams and folders taken away",
    first="""
    import os, sys, shutil
    sys.stdout.close()
    sys.stdout = sys.stderr = sys.stdin = None
    for number in range(3):
        os.close(number)
    os.makedirs("WRITABLE/deep/deep")
    os.chdir("WRITABLE/deep/deep")
    shutil.rmtree("WRITABLE/deep")
    os.chmod("WRITABLE", 0)
    """,
)
attack(
    "namespaces, mounts and traces",
    first="""
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    page = ctypes.create_string_buffer(4096)
    tried = {
        "unshare": libc.unshare(0x10000000),
        "clone": libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0),
        "mount": libc.mount(b"x", b"WRITABLE", b"tmpfs", 0, None),
        "umount": libc.umount2(b"/proc", 2),
        "ptrace": libc.ptrace(16, os.getppid() or 1, 0, 0),
        "keyring": libc.syscall(248, b"user", b"hostile", b"x", 1, -3),
        "shmget": libc.shmget(1, 4096, 0o1666),
        "chroot": libc.chroot(b"WRITABLE"),
        "setuid": libc.setuid(0),
        "bpf": libc.syscall(321, 0, page, 100),
    }
    print("DONE", {name: result for name, result in tried.items() if result != -1})
    """,
    shown="DONE {}",
    flags=("tampering: import of ctypes",),
)
attack(
    "other processes looked into",
    first="""
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    seen = []
    for number in range(2, 3000):
        try:
            os.kill(number, 0)
            seen.append(number)
        except OSError:
            pass
    print("SEEN", seen)
    """,
    shown="SEEN []",
    flags=("tampering: import of ctypes",),
)
attack(
    "limits raised",
    first="""
    import resource
    for name in ("DATA", "AS", "FSIZE", "NPROC", "NOFILE", "CORE"):
        what = getattr(resource, f"RLIMIT_{name}")
        soft, hard = resource.getrlimit(what)
        try:
            resource.setrlimit(what, (hard + 1, hard + 1))
            print("raised", name)
        except (ValueError, OSError):
            print("kept", soft == hard and soft > -1)
    """,
    shown="kept True\nkept True\nkept True\nkept True\nkept True\nkept True\n",
)
attack(
    "time stopped",
    """
    import time
    time.monotonic = time.time = time.perf_counter = lambda: 0.0
    time.sleep = lambda seconds: None
    def double(x):
        while True: pass
    """,
    points=NOTHING,
)
