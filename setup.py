"""The links of a release: the project's addresses, and a README whose links work on a package index.

The environment variable `ARCHFLOW_URL` is the address of the repository (`make release URL=...` sets it). Without it
the package has no addresses and the README is as it is. Everything else is in pyproject.toml.
"""

import os
import re
from pathlib import Path

from setuptools import setup

RELATIVE = re.compile(r"\]\((?!https?://|mailto:|#)([^)\s]+)\)")


def with_absolute_links(text: str, address: str) -> str:
    """The Markdown text with every relative link leading into the repository, on its main branch."""
    return RELATIVE.sub(lambda link: f"]({address}/blob/HEAD/{link[1]})", text)


def addresses(address: str) -> dict[str, str]:
    """The links that a package index lists beside the project."""
    pages = {"Documentation": "docs", "Changelog": "CHANGELOG.md"}
    return {"Repository": address, **{name: f"{address}/blob/HEAD/{path}" for name, path in pages.items()}}


if __name__ == "__main__":
    readme = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    address = os.environ.get("ARCHFLOW_URL", "").rstrip("/")
    setup(
        long_description=with_absolute_links(readme, address) if address else readme,
        long_description_content_type="text/markdown",
        project_urls=addresses(address) if address else {},
    )
