"""A web server that publishes files, and misbehaves in every way that servers do."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from archflow.data.catalogue import Benchmark, RawFile

WAIT = 0.3
"""Seconds that `slow` and `stalls` wait; most clients in tests wait less."""


class Server:
    """`address(behaviour)` answers with `content` as the behaviour says. requests: the behaviours asked for."""

    def __init__(self, port: int, content: bytes) -> None:
        self.port, self.content = port, content
        self.requests: list[str] = []

    def address(self, behaviour: str) -> str:
        return f"http://127.0.0.1:{self.port}/{behaviour}"

    def file(self, *behaviours: str, name: str = "file.bin") -> RawFile:
        """The file, at one address for every behaviour."""
        digest = hashlib.sha256(self.content).hexdigest()
        return RawFile(name, tuple(map(self.address, behaviours)), digest, len(self.content))


class _Handler(BaseHTTPRequestHandler):
    served: Server

    def do_GET(self) -> None:
        behaviour = self.path.strip("/")
        self.served.requests.append(behaviour)
        getattr(self, behaviour.replace("-", "_"))(self.served.content)

    def log_message(self, format: str, *args: object) -> None: ...

    def head(self, length: int | None) -> None:
        self.send_response(200)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def answer(self, content: bytes, length: int | None = None) -> None:
        self.head(len(content) if length is None else length)
        self.wfile.write(content)
        self.wfile.flush()

    def good(self, content):
        self.answer(content)

    def breaks_off(self, content):
        self.answer(content[: len(content) // 3], len(content))

    def wrong(self, content):
        self.answer(bytes(len(content)))

    def longer(self, content):
        self.answer(content + b"more")

    def shorter(self, content):
        self.answer(content[:-10])

    def endless(self, content):
        self.head(None)
        while True:  # until the client hangs up
            self.wfile.write(content)

    def odd_length(self, content):
        self.send_response(200)
        self.send_header("Content-Length", "9" * 5000)
        self.end_headers()
        self.wfile.write(content)

    def packed(self, content):
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(content)

    def missing(self, content):
        self.send_error(404)

    def busy(self, content):
        self.send_error(503)

    def slow(self, content):
        time.sleep(WAIT)
        self.answer(content)

    def stalls(self, content):
        self.answer(content[:500], len(content))
        time.sleep(WAIT)

    def drips(self, content):
        self.head(len(content))
        self.drip()

    def drip(self) -> None:
        for _ in range(200):
            self.wfile.write(b"x")
            time.sleep(0.01)

    def drips_headers(self, content):
        self.drip()

    def away(self, content):
        self.redirect("/good")

    def in_circles(self, content):
        self.redirect("/in-circles")

    def off_the_net(self, content):
        self.redirect("file:///etc/hostname")

    def redirect(self, to: str) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.end_headers()

    def no_http(self, content):
        self.wfile.write(b"what?\n")


@contextmanager
def published(content: bytes) -> Iterator[Server]:
    """A running server."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        http.handle_error = lambda *about: None  # a client that hangs up is part of the tests
        handler.served = Server(http.server_address[1], content)
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield handler.served
        http.shutdown()
        thread.join()


def benchmark(*files: RawFile, name: str = "nasbench201", **more) -> Benchmark:
    """A benchmark with these files."""
    return Benchmark(
        name, "for tests", "cifar10_test_acc", "zc_jacov", "nasbench201", "MIT", "Somebody", files=files, **more
    )
