"""The service on a socket: signals, and a graceful end."""

import logging
import os
import signal
import socket
import threading
import time

import pytest

from archflow.client import Client
from archflow.errors import ArchflowError
from archflow.service.app import create_app
from archflow.service.running import run


@pytest.fixture
def port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture(autouse=True)
def no_exit(monkeypatch):
    """The end of a service is not that of the tests."""

    def refuse(code):
        raise AssertionError("the process would have ended")

    monkeypatch.setattr(os, "_exit", refuse)


@pytest.fixture(autouse=True)
def kept():
    loggers = [logging.getLogger(name) for name in ("archflow", "uvicorn")]
    before = [list(each.handlers) for each in loggers]
    yield
    for logger, handlers in zip(loggers, before, strict=True):
        logger.handlers[:] = handlers


def answered(port):
    """What the service says of its health, once it answers."""
    with Client(f"http://127.0.0.1:{port}", timeout=20) as client:
        for _ in range(500):
            try:
                return client.health()
            except ArchflowError:
                time.sleep(0.02)
    raise AssertionError("no answer")


def test_it_reloads_and_answers_what_is_under_way_before_it_ends(folder, graphs, port):
    app, found = create_app({"score": folder}), {}
    own = app.state.endpoints
    own.models.served["score"].loaded = "before"

    def ask():
        with Client(f"http://127.0.0.1:{port}", timeout=20) as client:
            return client.predict(graphs)

    def drive():
        found["health"] = answered(port)
        client = Client(f"http://127.0.0.1:{port}", timeout=20)
        os.kill(os.getpid(), signal.SIGHUP)
        for _ in range(500):
            if client.models()[0]["loaded"] != "before":
                found["reloaded"] = True
                break
            time.sleep(0.02)
        client.close()
        release = threading.Event()
        own._short.submit(release.wait, 10)  # what comes now has to wait
        asking = threading.Thread(target=lambda: found.update(answer=ask()))
        asking.start()
        while own.models.served["score"]._batchers == {}:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.2)
        release.set()
        asking.join(10)

    driver = threading.Thread(target=drive)
    driver.start()
    run(app, "127.0.0.1", port)
    driver.join(10)
    assert found["health"]["status"] == "ok"
    assert found["reloaded"]
    assert len(found["answer"]["score"].mean) == 30


def test_a_computation_that_outlives_it_does_not_make_it_abort(folder, port, monkeypatch):
    app, ended, free = create_app({"score": folder}), [], threading.Event()
    monkeypatch.setattr(os, "_exit", ended.append)
    computing = threading.Thread(target=free.wait, args=(10,), name=f"{app.state.endpoints.threads}search")
    computing.start()

    def end():
        answered(port)
        os.kill(os.getpid(), signal.SIGTERM)

    ending = threading.Thread(target=end)
    ending.start()
    run(app, "127.0.0.1", port)
    free.set()
    for thread in (computing, ending):
        thread.join()
    assert ended == [0]


def test_a_port_that_is_taken_is_said(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ArchflowError, match="cannot be bound to"):
            run(create_app({"score": folder}), "127.0.0.1", taken.getsockname()[1])
