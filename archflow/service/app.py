"""The service as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import Match

from archflow import __version__
from archflow.errors import ArchflowError
from archflow.service import bodies
from archflow.service.endpoints import Endpoints
from archflow.service.gate import Gate
from archflow.service.metrics import Metrics
from archflow.service.refused import Refused
from archflow.service.settings import Access, Limits

_REFUSED = {
    400: "The body is not JSON.",
    401: "The token is missing or wrong.",
    404: "There is no such predictor or search.",
    408: "Receiving or answering took too long.",
    413: "Too large.",
    422: "The request cannot be used; the error says why.",
    429: "Too many requests.",
}


class _StrictRequest(Request):
    """A request whose JSON has no NaN and does not nest deeply."""

    async def json(self) -> Any:
        try:
            return from_json(await self.body(), allow_inf_nan=False)
        except ValueError as error:
            raise HTTPException(400, f"the body is not JSON: {error}") from None


class _StrictRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Any]:
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handler(_StrictRequest(request.scope, request.receive))

        return strict


def create_app(
    folders: Mapping[str, Path],
    access: Access | None = None,
    limits: Limits | None = None,
    space: str | None = None,
    device: str = "cpu",
) -> FastAPI:
    """Make the application; its `state.endpoints` holds the predictors.

    Args:
        folders: Folders of predictors by name.
        access: Who may use it; by default anybody who reaches it.
        limits: What is accepted.
        space: The search space of native strings whose request names none.
        device: The PyTorch device to compute on.

    Raises:
        ArchflowError: If a predictor cannot be loaded, or there is no such space.
    """
    limits, metrics = limits or Limits(), Metrics()
    own = Endpoints(folders, limits, metrics, space, device)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        own.close()

    # Without the pages that load scripts from elsewhere; /openapi.json describes the service.
    app = FastAPI(title="archflow", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.router.route_class = _StrictRoute
    app.state.endpoints = own
    app.add_middleware(Gate, access=access or Access(), limits=limits, metrics=metrics)  # pyright: ignore[reportArgumentType]
    for kind in (Refused, ArchflowError, RequestValidationError, StarletteHTTPException):
        app.add_exception_handler(kind, _refuse)
    refused = {status: {"model": bodies.Failure, "description": text} for status, text in _REFUSED.items()}
    state = bodies.SearchState
    for method, path, endpoint, model, status in (
        ("POST", "/predict", own.predict, bodies.Predictions, 200),
        ("POST", "/rank", own.rank, bodies.Ranking, 200),
        ("POST", "/embed", own.embed, bodies.Embeddings, 200),
        ("POST", "/explain", own.explain, dict[str, Any], 200),
        ("POST", "/search", own.search, state, 202),
        ("GET", "/search/{id}", own.search_state, state, 200),
        ("DELETE", "/search/{id}", own.stop_search, state, 202),
        ("GET", "/models", own.list_models, bodies.ModelList, 200),
        ("POST", "/reload", own.reload, bodies.ModelList, 200),
        ("GET", "/health", own.health, bodies.Health, 200),
    ):
        app.add_api_route(
            path, endpoint, methods=[method], response_model=model, status_code=status, responses={**refused}
        )
    app.add_api_route("/metrics", own.metrics, response_class=PlainTextResponse)
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    refused = _refused(error)
    if refused.status == 405:
        refused.headers["Allow"] = ", ".join(_methods(request))
    return Response(refused.content, refused.status, refused.headers, "application/json")


def _methods(request: Request) -> list[str]:
    """The methods of a path; each has a route of its own, of which the framework names the first alone."""
    routes = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in routes for method in route.methods or ()})


def _refused(error: Exception) -> Refused:
    """The one shape of all errors."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        loc = [str(each) for each in first["loc"] if each not in ("body", "native", "graph")]
        more = f" (and {len(error.errors()) - 1} more)" if len(error.errors()) > 1 else ""
        return Refused(422, f"{first['msg']}{more}", ".".join(loc))
    if isinstance(error, StarletteHTTPException):
        return Refused(error.status_code, str(error.detail), "", error.headers)
    return Refused(422, str(error))
