"""The download, from mirrors on this machine: complete, broken, wrong, silent, or absent."""

from __future__ import annotations

import io
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from course_utils import load_mnist
from course_utils.data import download, mnist
from course_utils.data.digits import load_digits_like_mnist


class Mirror:
    """A mirror on localhost that can be told to misbehave."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.break_off: str | None = None  # this file ends half-way
        self.lie: str | None = None  # this file has other contents
        self.asked: list[str] = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.answer(body=False)

            def do_GET(self) -> None:
                self.answer(body=True)

            def answer(self, body: bool) -> None:
                name = self.path.lstrip("/")
                mirror.asked.append(f"{self.command} {name}")
                data = mirror.files.get(name)
                if data is None:
                    self.send_error(404)
                    return
                if name == mirror.lie:
                    data = b"x" * len(data)
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if body:
                    self.wfile.write(data[: len(data) // 2] if name == mirror.break_off else data)

            def log_message(self, *args: object) -> None:
                """Keep the test's output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def downloads(self) -> int:
        return sum(line.startswith("GET") for line in self.asked)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def mirrors(tiny_is_mnist, gzipped, monkeypatch):
    files = {f"{name}.gz": gzipped(data) for name, data in tiny_is_mnist.files.items()}
    pair = [Mirror(files), Mirror(files)]
    monkeypatch.setattr(download, "MIRRORS", tuple(mirror.url for mirror in pair))
    yield pair
    for mirror in pair:
        mirror.close()


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def is_tiny(data) -> bool:
    return len(data[0]) == 12 and len(data[2]) == 5


def is_stand_in(data) -> bool:
    return len(data[0]) == 1540 and len(data[2]) == 257


def new_process(monkeypatch) -> None:
    monkeypatch.setattr(mnist, "_download_failed", None)
    monkeypatch.setattr(mnist, "_said", set())


def test_a_download_is_kept_and_not_repeated(mirrors, cache, tiny_is_mnist, capsys):
    assert is_tiny(load_mnist())
    assert sorted(path.name for path in cache.iterdir()) == sorted(
        f"{name}.gz" for name in tiny_is_mnist.files
    )
    assert (mirrors[0].downloads(), mirrors[1].downloads()) == (4, 0)
    asked = len(mirrors[0].asked)
    assert is_tiny(load_mnist())
    assert len(mirrors[0].asked) == asked
    assert capsys.readouterr().err == f"load_mnist: downloading MNIST (12 MB) to {cache}\n"


def test_the_second_mirror_takes_over(mirrors, cache):
    mirrors[0].break_off = "train-images-idx3-ubyte.gz"
    mirrors[1].lie = "t10k-images-idx3-ubyte.gz"  # and here the first one helps out
    assert is_tiny(load_mnist())
    assert len(list(cache.iterdir())) == 4
    assert mirrors[1].downloads() == 1


def test_a_mirror_that_has_lost_the_files_is_passed_over(mirrors):
    mirrors[0].files = {}
    assert is_tiny(load_mnist())
    assert mirrors[0].downloads() == 0


@pytest.mark.parametrize("fault", ["break_off", "lie"])
def test_a_broken_download_leaves_nothing_that_is_trusted(
    mirrors, cache, monkeypatch, capsys, fault
):
    for mirror in mirrors:
        setattr(mirror, fault, "t10k-images-idx3-ubyte.gz")
    assert is_stand_in(load_mnist())
    said = capsys.readouterr().err
    assert "t10k-images-idx3-ubyte.gz" in said
    assert {"break_off": "broke off", "lie": "wrong checksum"}[fault] in said
    # The two files before it are complete; of the broken one there is no trace.
    assert sorted(path.name for path in cache.iterdir()) == [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
    ]
    new_process(monkeypatch)
    for mirror in mirrors:
        setattr(mirror, fault, None)
    before = mirrors[0].downloads()
    assert is_tiny(load_mnist())
    assert mirrors[0].downloads() == before + 2  # what was complete is not fetched again


def test_a_damaged_file_in_the_cache_is_replaced(mirrors, cache, tiny_is_mnist):
    load_mnist()
    path = cache / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-50])
    assert is_tiny(load_mnist())
    assert mirrors[0].downloads() == 5


def test_a_file_that_the_mirrors_lost_in_the_middle(mirrors, capsys):
    for mirror in mirrors:
        mirror.files = {k: v for k, v in mirror.files.items() if "train-labels" not in k}
    assert is_stand_in(load_mnist())
    assert "train-labels-idx1-ubyte.gz" in capsys.readouterr().err


def test_offline_says_so_once_and_asks_once(monkeypatch, capsys):
    load_digits_like_mnist()  # importing scikit-learn is not what is timed
    start = time.monotonic()
    data = load_mnist()
    assert time.monotonic() - start < download.ANSWER_SECONDS
    assert is_stand_in(data)
    assert [a.dtype for a in data] == [np.float64] * 4
    monkeypatch.setattr(mnist, "download", lambda folder: pytest.fail("asked again"))
    assert is_stand_in(load_mnist())
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("could not be downloaded (no mirror answers)") == 1
    assert "COURSE_DATA" in printed.err


def test_a_mirror_that_hangs_does_not_hold_up_the_fallback(monkeypatch, capsys):
    monkeypatch.setattr(download, "ANSWER_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never answers
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        monkeypatch.setattr(download, "MIRRORS", (url, url, url))
        monkeypatch.setattr(download, "CONNECT_SECONDS", 2.0)
        before = set(threading.enumerate())
        start = time.monotonic()
        with pytest.raises(download.DownloadError, match="no mirror answers"):
            download.download(mnist.cache_folder())
        assert time.monotonic() - start < 1.3  # one wait for all three, not one each
        for thread in set(threading.enumerate()) - before:
            assert thread.daemon  # or Python could not end
            thread.join()


def test_a_transfer_that_stalls_is_given_up(tiny_is_mnist, gzipped, monkeypatch, cache):
    stalled = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"x")
            stalled.wait(5)

        def log_message(self, *args: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setattr(download, "MIRRORS", (f"http://127.0.0.1:{server.server_port}/",))
    monkeypatch.setattr(download, "READ_SECONDS", 0.3)
    start = time.monotonic()
    with pytest.raises(download.DownloadError, match="broke off"):
        download.download(cache)
    assert time.monotonic() - start < 3
    assert list(cache.iterdir()) == []
    stalled.set()
    server.shutdown()
    server.server_close()


def test_a_cache_that_cannot_be_written(mirrors, cache, capsys):
    cache.write_text("a file where the folder should be")
    assert is_stand_in(load_mnist())
    assert "cannot be written" in capsys.readouterr().err


def test_the_bar_of_a_download_reaches_its_end_in_a_terminal(mirrors, monkeypatch, tiny_is_mnist):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    assert is_tiny(load_mnist())
    assert stream.getvalue().count("train-images-idx3-ubyte.gz: 100%") == 1
    assert "t10k-labels-idx1-ubyte.gz: 100%" in stream.getvalue()
