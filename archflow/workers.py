"""Worker processes that do not outlive the process they work for."""

import os
import signal
import time
from multiprocessing import parent_process
from threading import Thread

from archflow.named_objects import run_inherited_plugins


def begin_worker(grace: float = 0.0) -> None:
    """Let a worker process ignore Ctrl-C, which its parent handles, end when the parent is killed, and know its parts.

    Call it first in the process. Without it, a killed parent's workers would continue, and write to the same files as
    those of the command that resumes.

    Args:
        grace: Seconds between the SIGTERM that the worker then sends itself, so that it can stop its child processes,
            and its end; 0 sends no signal.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, args=(grace,), daemon=True).start()
    run_inherited_plugins()


def _end_with_parent(grace: float) -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        if grace > 0:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(grace)
        os._exit(1)
