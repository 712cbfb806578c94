"""Worker processes that do not outlive the process they work for."""

import os
import signal
import time
from multiprocessing import parent_process
from threading import Thread


def begin_worker(grace: float = 0.0) -> None:
    """Call first in a worker process: it then leaves Ctrl-C to its parent, and ends when the parent is killed.

    Without this a killed parent's workers would go on, and write beside those of the command that takes over.

    Args:
        grace: Seconds between the SIGTERM that the worker then sends itself, so that it can stop what it started, and
            its end; no signal where there are none.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, args=(grace,), daemon=True).start()


def _end_with_parent(grace: float) -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        if grace > 0:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(grace)
        os._exit(1)
