"""The Dash application, and the server on this machine alone."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from importlib.resources import files
from typing import TYPE_CHECKING

from archflow.errors import ArchflowError
from archflow.explore.explored import Explored
from archflow.files import reason

if TYPE_CHECKING:
    from dash import Dash
    from werkzeug.serving import BaseWSGIServer

HOST = "127.0.0.1"
MISSING = "the explorer needs dash and dash-cytoscape; install them: pip install 'archflow[explore]'"
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>{%metas%}<title>{%title%}</title><link rel="icon" href="data:,">{%css%}</head>
<body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body>
</html>"""


def require_dash() -> None:
    """Raise ArchflowError if the extra is not installed."""
    try:
        import dash  # noqa: F401
        import dash_cytoscape  # noqa: F401
    except ImportError:
        raise ArchflowError(MISSING) from None


def make_app(explored: Explored) -> Dash:
    """The application, with all scripts from the installed packages."""
    require_dash()
    import dash

    from archflow.explore.callbacks import connect
    from archflow.explore.page import page

    app = dash.Dash(
        "archflow.explore",
        assets_folder=str(files("archflow.explore") / "assets"),
        title=f"{explored.name} · archflow",
        update_title="",
        index_string=PAGE,
        serve_locally=True,
        add_log_handler=False,
        on_error=_show,
    )
    app.server.config["TRUSTED_HOSTS"] = [HOST, "localhost"]  # a page elsewhere cannot reach it by a name of its own
    app.layout = page(explored)
    connect(app, explored)
    return app


def listening(app: Dash, port: int) -> BaseWSGIServer:
    """A server at a port of this machine, 0 for any free one.

    Raises:
        ArchflowError: If the port is taken.
    """
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        """Logs no requests."""

        def log(self, type: str, message: str, *args: object) -> None:
            pass

    with socket.socket() as bound:  # werkzeug would end the process if the port were taken
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((HOST, port))
        except OSError as error:
            raise ArchflowError(f"port {port}: cannot be used ({reason(error)}); give another --port") from None
        bound.listen()
        taken = bound.getsockname()[1]
        return make_server(HOST, taken, app.server, True, request_handler=Quiet, fd=os.dup(bound.fileno()))


def serve(explored: Explored, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve the page until interrupted.

    Args:
        explored: What to look at.
        port: Where; 0 for any free one.
        on_ready: Called with the address.

    Raises:
        ArchflowError: If the port is taken, or the extra is not installed.
    """
    with listening(make_app(explored), port) as server:
        on_ready(f"http://{HOST}:{server.port}/")
        server.serve_forever()


def _show(error: Exception) -> None:
    """What went wrong, in the page: a line for what the user can correct; nothing else is hidden."""
    from dash import set_props

    if not isinstance(error, ArchflowError):
        raise error
    set_props("alert", {"children": str(error)})
