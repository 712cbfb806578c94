"""Options of the commands that build networks."""

from __future__ import annotations

from typing import Annotated

import typer

ImagesOption = Annotated[
    str, typer.Option(help="The images: digits, a folder with one subfolder per class, or an .npz file.")
]
Channels = Annotated[int, typer.Option(min=1, help="Channels of the first stage.")]
Cells = Annotated[int, typer.Option(min=1, help="Cells per stage.")]
Stages = Annotated[int, typer.Option(min=1, help="Stages; the resolution is halved between them.")]
SampleSeed = Annotated[int, typer.Option(min=0, help="Seed for drawing the architectures.")]
