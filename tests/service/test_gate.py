"""What every request passes first."""

import asyncio
import json
import logging

import pytest
from starlette.testclient import TestClient

from archflow.service.app import create_app
from archflow.service.gate import Gate
from archflow.service.metrics import Metrics
from archflow.service.settings import Access, Limits


async def echo(scope, receive, send):
    """Answers with the length of the body, after a second if the path is /slow."""
    if scope["path"] == "/slow":
        await asyncio.sleep(1)
    if scope["path"] == "/broken":
        raise RuntimeError("secret of the house")
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(len(body)).encode()})


def asked(gate, path="/", messages=None, headers=(), client="1.2.3.4"):
    """Status, headers and body of the answer to one request."""
    return asyncio.run(answer(gate, path, messages, headers, client))


async def answer(gate, path="/", messages=None, headers=(), client="1.2.3.4"):
    sent, waiting = [], list(messages or [{"type": "http.request", "body": b"abc", "more_body": False}])

    async def receive():
        if not waiting:
            await asyncio.sleep(10)  # a client that sends no more
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": list(headers), "client": (client, 1)}
    await gate(scope, receive, send)
    body = b"".join(each.get("body", b"") for each in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), body


def message_of(body):
    return json.loads(body)["error"]["message"]


def test_a_request_passes_with_its_body():
    assert asked(Gate(echo, Access(), Limits(), Metrics())) == (200, {}, b"3")


def test_a_slow_client_is_not_waited_for():
    gate = Gate(echo, Access(), Limits(seconds=0.05), Metrics())
    half = [{"type": "http.request", "body": b"a", "more_body": True}]
    status, _, body = asked(gate, messages=half)
    assert status == 408
    assert "not received within 0.05 s" in message_of(body)


def test_a_long_answer_is_given_up():
    status, _, body = asked(Gate(echo, Access(), Limits(seconds=0.05), Metrics()), "/slow")
    assert status == 408
    assert "no answer within 0.05 s" in message_of(body)


def test_the_size_is_bounded_whatever_the_header_says():
    gate = Gate(echo, Access(), Limits(body=10), Metrics())
    parts = [{"type": "http.request", "body": b"a" * 6, "more_body": True}] * 9
    assert asked(gate, messages=parts)[0] == 413
    assert asked(gate, headers=[(b"content-length", b"11")])[0] == 413
    assert asked(gate, headers=[(b"content-length", b"9" * 5000)])[0] == 200
    assert asked(gate, messages=[{"type": "http.disconnect"}])[0] == 400


def test_the_rate_is_that_of_one_address():
    gate = Gate(echo, Access(), Limits(rate=3), Metrics())
    statuses = [asked(gate)[0] for _ in range(6)]
    assert statuses[:3] == [200, 200, 200]
    assert 429 in statuses[3:]
    _, headers, body = next(each for _ in range(9) if (each := asked(gate))[0] == 429)
    assert headers[b"retry-after"] == b"1"
    assert "3 requests per second" in message_of(body)
    assert asked(gate, client="5.6.7.8")[0] == 200
    assert [asked(slow)[0] for slow in [Gate(echo, Access(), Limits(rate=0.01), Metrics())] * 2] == [200, 429]


def test_too_many_at_once_are_refused():
    gate = Gate(echo, Access(), Limits(at_once=2), Metrics())

    async def main():
        return await asyncio.gather(*(answer(gate, "/slow") for _ in range(2)), answer(gate), answer(gate))

    gate._limits = Limits(at_once=2, seconds=0.2)
    assert sorted(each[0] for each in asyncio.run(main())) == [408, 408, 429, 429]
    assert asked(gate)[0] == 200


def test_a_failure_is_logged_and_not_shown(caplog):
    gate = Gate(echo, Access(), Limits(), Metrics())
    status, _, body = asked(gate, "/broken")
    assert status == 500
    assert b"secret" not in body
    assert "secret of the house" in caplog.text


def test_without_a_token_only_names_of_this_machine_are_answered():
    gate = Gate(echo, Access.of("127.0.0.1", None), Limits(), Metrics())
    for host in (b"localhost:8000", b"127.0.0.1", b"[::1]:8000", b"LOCALHOST"):
        assert asked(gate, headers=[(b"host", host)])[0] == 200
    for host in (b"evil.example:8000", b"", b"localhost.evil.example"):
        assert asked(gate, headers=[(b"Host", host)])[0] == 421


def test_every_request_is_a_line_of_the_log(folder, caplog):
    with TestClient(create_app({"score": folder})) as client, caplog.at_level(logging.INFO, "archflow.service"):
        client.get("/models")
    fields = next(each.fields for each in caplog.records if each.getMessage() == "request")
    assert {**fields, "seconds": 0} == {
        "method": "GET",
        "path": "/models",
        "status": 200,
        "seconds": 0,
        "architectures": 0,
        "client": "testclient",
    }


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_only_http_is_guarded(kind):
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    asyncio.run(Gate(app, Access("t" * 20), Limits(), Metrics())({"type": kind}, None, None))
    assert seen == [kind]
