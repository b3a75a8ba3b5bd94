"""What the tests of the cluster call on its workers; a module that is imported quickly."""

import os
import signal
import time


def work(what, value):
    """Run in a process of our own, whose parent is the Dask worker."""
    if what == "die":
        os._exit(7)
    if what == "kill the worker":
        os.kill(os.getppid(), signal.SIGKILL)
    if what == "kill the worker once" and not value.exists():
        value.touch()
        os.kill(os.getppid(), signal.SIGKILL)
    if what == "sleep":
        time.sleep(60)
    return what
