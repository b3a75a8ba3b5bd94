"""Downloading MNIST into the cache folder, without long waits on a machine without a network."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course_utils.data.mnist_files import FILES
from course_utils.progress import progress_bar

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)
CONNECT_SECONDS = 3.0
READ_SECONDS = 15.0
# Looking up a host name has no time limit of its own; this one ends the wait for everything.
ANSWER_SECONDS = 6.0


class DownloadError(Exception):
    """MNIST could not be downloaded; the message is the reason in a few words."""


def cache_folder() -> Path:
    """Return the folder where downloads are kept, which may not exist yet."""
    import pooch

    return Path(pooch.os_cache("course_utils")) / "mnist"


def download(folder: Path) -> None:
    """Put MNIST's four gzipped files into `folder`.

    A file only gets its name once it is complete and its SHA-256 is right; what is there already
    and right is kept.

    Raises
    ------
    DownloadError
        Where no mirror answers, all of them fail, or the folder cannot be written.
    """
    mirrors = _answering(f"{FILES[-1].name}.gz")
    if not mirrors:
        raise DownloadError("no mirror answers")
    print(f"load_mnist: downloading MNIST (12 MB) to {folder}", file=sys.stderr)
    with _quiet_pooch():
        for file in FILES:
            _fetch(file.name + ".gz", file.gzip_sha256, folder, mirrors)


@contextmanager
def _quiet_pooch() -> Iterator[None]:
    """Silence pooch's two lines per file: the line above and the bars say enough."""
    import pooch

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")
    try:
        yield
    finally:
        logger.setLevel(level)


def _answering(name: str) -> list[str]:
    """Return the mirrors that offer the file `name`, asked all at once."""
    answered: set[str] = set()

    def ask(mirror: str) -> None:
        import pooch
        import requests

        downloader = pooch.HTTPDownloader(timeout=(CONNECT_SECONDS, CONNECT_SECONDS))
        try:
            if downloader(mirror + name, None, None, check_only=True):
                answered.add(mirror)
        except requests.RequestException:
            pass  # a mirror that cannot be reached does not answer

    # Daemon threads: one that hangs in a name look-up must not keep Python from ending.
    threads = [threading.Thread(target=ask, args=(mirror,), daemon=True) for mirror in MIRRORS]
    deadline = time.monotonic() + ANSWER_SECONDS
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [mirror for mirror in MIRRORS if mirror in answered]


def _fetch(name: str, sha256: str, folder: Path, mirrors: list[str]) -> None:
    import pooch
    import requests

    reason = ""
    for mirror in mirrors:
        try:
            # pooch writes to a temporary file and renames it once the checksum is right.
            pooch.retrieve(mirror + name, f"sha256:{sha256}", name, folder, downloader=_stream)
            return
        except requests.RequestException as error:
            reason = f"{name} broke off: {type(error).__name__}"
        except ValueError:  # pooch's error for a wrong checksum
            reason = f"{name} arrived with a wrong checksum"
        except OSError as error:
            raise DownloadError(f"{folder} cannot be written: {error.strerror or error}") from error
    raise DownloadError(reason)


def _stream(url: str, output_file: str, pooch_object: object) -> None:
    """Stream one file under a progress bar; pooch calls this for files that are not there yet."""
    import pooch

    # The total is a stand-in: pooch sets the right one when the answer comes.
    with progress_bar(1, url.rsplit("/", 1)[-1], "B", unit_scale=True) as bar:
        downloader = pooch.HTTPDownloader(
            progressbar=bar, chunk_size=1 << 16, timeout=(CONNECT_SECONDS, READ_SECONDS)
        )
        downloader(url, output_file, pooch_object)
