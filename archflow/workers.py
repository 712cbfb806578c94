"""Worker processes that do not outlive the process they work for."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import active_children, parent_process, resource_tracker
from threading import Thread
from typing import Any

from archflow.errors import ArchflowError
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


@contextmanager
def ended_on_failure() -> Iterator[None]:
    """If the block fails, as on Ctrl-C, end the worker processes that were started in it; what they do is lost.

    Enter it inside the block of their executor, which would otherwise wait for what they have begun.
    """
    before = active_children()
    try:
        yield
    except BaseException:
        for child in set(active_children()).difference(before):
            child.terminate()
        raise


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


def connected_ray(what: str, address: str | None) -> Any:
    """The module `ray`, connected to a cluster.

    Args:
        what: Begins the error: what needs it.
        address: Address of the cluster, as for `ray.init`; None for the one that Ray is connected to, or a local one.

    Raises:
        ArchflowError: If Ray is not installed.
    """
    try:
        import ray  # pyright: ignore[reportMissingImports]  # an extra
    except ImportError:
        raise ArchflowError(f"{what} on a cluster needs ray; install it: pip install 'archflow[ray]'") from None
    if not ray.is_initialized():
        ray.init(address=address, log_to_driver=False, include_dashboard=False)
    return ray
