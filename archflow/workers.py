"""Worker processes that do not outlive the process they work for."""

import os
import signal
from multiprocessing import parent_process
from threading import Thread


def begin_worker() -> None:
    """Call first in a worker process: it then leaves Ctrl-C to its parent, and ends when the parent is killed.

    Without this a killed parent's workers would go on, and write beside those of the command that takes over.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
