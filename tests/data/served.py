"""A web server that publishes files, and misbehaves in every way that servers do."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from archflow.data.catalogue import Benchmark, RawFile

WAIT = 0.3
"""Seconds that `slow` and `stalls` wait; clients in tests wait less."""


class Server:
    """`address(behaviour)` answers with `content` as the behaviour says. requests: (behaviour, Range header)."""

    def __init__(self, port: int, content: bytes) -> None:
        self.port, self.content = port, content
        self.requests: list[tuple[str, str | None]] = []

    def address(self, behaviour: str) -> str:
        return f"http://127.0.0.1:{self.port}/{behaviour}"

    def file(self, *behaviours: str, name: str = "file.bin") -> RawFile:
        """The file, at one address for every behaviour."""
        digest = hashlib.sha256(self.content).hexdigest()
        return RawFile(name, tuple(map(self.address, behaviours)), digest, len(self.content))


class _Handler(BaseHTTPRequestHandler):
    served: Server

    def do_GET(self) -> None:
        behaviour, asked = self.path.strip("/"), self.headers.get("Range")
        earlier = [name for name, _ in self.served.requests].count(behaviour)
        self.served.requests.append((behaviour, asked))
        getattr(self, behaviour.replace("-", "_"))(asked, earlier)

    def log_message(self, format: str, *args: object) -> None: ...

    def answer(self, asked: str | None, content: bytes | None = None, send: int | None = None, shift: int = 0) -> None:
        """The part that is asked for; of its bytes only the first `send` are sent."""
        content = self.served.content if content is None else content
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        if start >= len(content):
            return self.send_error(416)
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start + shift}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start : None if send is None else start + send])
        return None

    def good(self, asked, earlier):
        self.answer(asked)

    def ignores_range(self, asked, earlier):
        self.answer(None)

    def other_range(self, asked, earlier):
        self.answer(asked, shift=1)

    def breaks_off(self, asked, earlier):
        self.answer(asked, send=len(self.served.content) // 3)

    def breaks_off_always(self, asked, earlier):
        self.answer(asked, send=0)

    def breaks_off_ignores_range(self, asked, earlier):
        self.answer(None, send=None if earlier else 100)

    def wrong(self, asked, earlier):
        self.answer(asked, bytes(len(self.served.content)))

    def longer(self, asked, earlier):
        self.answer(asked, self.served.content + b"more")

    def shorter(self, asked, earlier):
        self.answer(asked, self.served.content[:-10])

    def missing(self, asked, earlier):
        self.send_error(404)

    def busy_first(self, asked, earlier):
        self.answer(asked) if earlier else self.send_error(503)

    def slow(self, asked, earlier):
        time.sleep(WAIT)
        self.answer(asked)

    def stalls_first(self, asked, earlier):
        if earlier:
            return self.answer(asked)
        self.answer(asked, send=500)
        self.wfile.flush()
        return time.sleep(WAIT)

    def away(self, asked, earlier):
        self.send_response(302)
        self.send_header("Location", "/good")
        self.end_headers()

    def off_the_net(self, asked, earlier):
        self.send_response(302)
        self.send_header("Location", "file:///etc/hostname")
        self.end_headers()

    def no_http(self, asked, earlier):
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
