"""Whatever a client sends: an answer or a clear refusal, never a failure of the service.

Bodies are the examples of the service's own OpenAPI description, with parts of them replaced.
"""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=8), part, max_size=4),
    max_leaves=8,
)


def paths(content, here=()):
    """The paths of all parts of a body."""
    yield here
    parts = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, part in parts:
        yield from paths(part, (*here, key))


def replaced(content, path, part):
    """The body with another part at a path."""
    if not path:
        return part
    content = copy.copy(content)
    content[path[0]] = replaced(content[path[0]], path[1:], part)
    return content


@pytest.fixture(scope="module")
def examples(service):
    """The examples of every path that takes a body."""
    description = service.get("/openapi.json").json()
    found = {}
    for path, operations in description["paths"].items():
        content = operations.get("post", {}).get("requestBody", {}).get("content", {})
        if content:
            name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
            found[path] = description["components"]["schemas"][name]["examples"]
    return found


def test_every_body_has_an_example_that_is_answered(service, examples):
    assert set(examples) == {"/predict", "/rank", "/embed", "/explain", "/search"}
    for path, bodies in examples.items():
        statuses = {service.post(path, json=body).status_code for body in bodies}
        assert statuses == ({422} if path == "/embed" else {202} if path == "/search" else {200})


@pytest.mark.parametrize("path", ["/predict", "/rank", "/embed", "/explain", "/search"])
@given(data=st.data())
def test_nothing_makes_it_fail(service, examples, path, data):
    body = data.draw(st.sampled_from(examples[path]))
    for _ in range(data.draw(st.integers(1, 3))):
        body = replaced(body, data.draw(st.sampled_from(sorted(paths(body), key=repr))), data.draw(JSON))
    response = service.post(path, json=body)
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert set(response.json()["error"]) == {"status", "where", "message"}


@pytest.mark.parametrize("path", ["/predict", "/search"])
@given(text=st.binary(max_size=200))
def test_no_bytes_make_it_fail(service, path, text):
    response = service.post(path, content=text, headers={"Content-Type": "application/json"})
    assert 400 <= response.status_code < 500
