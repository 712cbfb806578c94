"""Worker processes that do not outlive the process they work for."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import parent_process, resource_tracker
from threading import Thread

from archflow.named_objects import run_inherited_plugins


@contextmanager
def interrupts_held_back() -> Iterator[None]:
    """Start worker processes in this block: Ctrl-C waits for its end, and never reaches them while they import modules.

    A worker inherits the block, which `begin_worker` lifts once it ignores Ctrl-C.
    """
    resource_tracker.ensure_running()  # starting it would lift the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def begin_worker(grace: float = 0.0) -> None:
    """Let a worker process ignore Ctrl-C, which its parent handles, end when the parent is killed, and know its parts.

    Call it first in the process. Without it, a killed parent's workers would continue, and write to the same files as
    those of the command that resumes.

    Args:
        grace: Seconds between the SIGTERM that the worker then sends itself, so that it can stop its child processes,
            and its end; 0 sends no signal.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
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
