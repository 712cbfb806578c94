import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import active_children, get_context

import pytest

from archflow.workers import ended_on_failure, interrupts_held_back

SCRIPT = """
import multiprocessing, os, time
from archflow.workers import begin_worker

def work(pipe):
    begin_worker()
    pipe.send(os.getpid())
    time.sleep(60)

if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    context.Process(target=work, args=(there,)).start()
    print(here.recv(), flush=True)
    time.sleep(60)
"""


STARTING = """
import os, signal

os.kill(os.getpid(), signal.SIGINT)  # as a terminal does while modules are imported
waits = signal.SIGINT in signal.sigpending()
from archflow.workers import begin_worker

begin_worker()
print(waits, signal.SIGINT in signal.sigpending())
"""


def ended(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_worker_leaves_interruptions_to_its_parent_and_ends_with_it():
    parent = subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    try:
        os.kill(worker, signal.SIGINT)
        time.sleep(0.1)
        assert not ended(worker)
        parent.kill()
        parent.wait()
        for _ in range(300):
            if ended(worker):
                break
            time.sleep(0.1)
        assert ended(worker)
    finally:
        parent.kill()
        parent.communicate()
        if not ended(worker):
            os.kill(worker, signal.SIGKILL)


def test_a_worker_that_starts_does_not_get_ctrl_c():
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, set())
    with interrupts_held_back():
        inherited = subprocess.run([sys.executable, "-c", STARTING], capture_output=True, text=True, check=True)
    assert inherited.stdout == "True False\n"
    assert signal.pthread_sigmask(signal.SIG_BLOCK, set()) == blocked
    with pytest.raises(KeyboardInterrupt), interrupts_held_back():
        os.kill(os.getpid(), signal.SIGINT)


def sleep_and_stop() -> None:
    with ProcessPoolExecutor(2, get_context("spawn")) as executor, ended_on_failure():
        executor.submit(int, 1).result()
        for _ in range(6):
            executor.submit(time.sleep, 60)
        raise KeyboardInterrupt


def test_workers_end_at_once_if_their_block_fails():
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        sleep_and_stop()
    assert time.monotonic() - begun < 50
    assert not active_children()


def test_workers_of_a_block_that_succeeds_finish_their_work():
    with ProcessPoolExecutor(1, get_context("spawn")) as executor, ended_on_failure():
        futures = [executor.submit(abs, -n) for n in range(3)]
    assert [future.result() for future in futures] == [0, 1, 2]
