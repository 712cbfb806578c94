"""`make fuzz-api`: Schemathesis asks a service of a tiny predictor whatever its description allows, and more.

The arguments are the command with its options, such as `schemathesis run --max-examples 100`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from archflow.predict import StackedPredictor
from archflow.service.app import create_app
from archflow.service.settings import Access, Limits
from tests.serving import served
from tests.tables import scored_cells

TOKEN = "a-token-for-tests-0123456789"


def main(command: list[str]) -> int:
    """Serve, run the command on the description of the service, and return its status."""
    with tempfile.TemporaryDirectory() as folder:
        cells, predictor = scored_cells(30), StackedPredictor(components=["line", "ridge"], features=["counts"])
        predictor.fit(cells, metrics=["score"])
        predictor.save(Path(folder, "score"))
        app = create_app({"score": Path(folder, "score")}, Access(TOKEN), Limits(evaluations=50, rate=1e6))
        with served(app) as address:
            return subprocess.call([*command, f"{address}/openapi.json", "-H", f"Authorization: Bearer {TOKEN}"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
