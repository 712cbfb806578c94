"""Options of the commands that build networks."""

from __future__ import annotations

from typing import Annotated

import typer

ImagesOption = Annotated[str, typer.Option(help="`digits`, a folder of images by class, or an .npz file.")]
Channels = Annotated[int, typer.Option(min=1, help="Channels of the first stage.")]
Cells = Annotated[int, typer.Option(min=1, help="Cells a stage.")]
Stages = Annotated[int, typer.Option(min=1, help="Stages; between two the resolution is halved.")]
SampleSeed = Annotated[int, typer.Option(min=0, help="Draws the architectures.")]
