"""The options that verbs of `archflow bench` share, and long ones of a single verb."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Labels = Annotated[float, typer.Option(help="Labels to learn from: a fraction of the training part, or a count.")]
SeveralLabels = Annotated[
    str, typer.Option(help="Labels to learn from, separated by commas: fractions of the training part, or counts.")
]
Encoder = Annotated[str, typer.Option(help="The encoder's name.")]
Width = Annotated[int | None, typer.Option(min=1, help="Width of the encoder; default: the paper's for the data.")]
Train = Annotated[int | None, typer.Option(min=1, help="Architectures for training; default: the paper's.")]
Test = Annotated[int | None, typer.Option(min=1, help="Architectures for testing; default: the paper's.")]
PretrainEpochs = Annotated[int, typer.Option(min=1, help="Epochs of pre-training.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="Epochs of fine-tuning; default: the paper's.")]
Split = Annotated[
    str,
    typer.Option(
        help="random; class: isomorphic architectures stay on one side; size: learn from the smaller, labels or "
        "not, judge by the larger, in parameters; size:NAME: in another column or proxy; all: judge by all."
    ),
]
SplitAsFGP = Annotated[str, typer.Option("--split", help="As in `archflow bench fgp`.")]
Folder = Annotated[
    Path | None,
    typer.Option(help="The folder of unfinished work; re-run the same command to resume. Default: runs/VERB-DATA."),
]
Out = Annotated[
    Path | None,
    typer.Option(help="The result file (.json); reports and plots are written beside it."),
]
EncodersFolder = Annotated[
    Path | None,
    typer.Option(
        help="Where finished and unfinished runs are kept; the same command, or one with more encoders or labels, "
        "resumes them. Default: runs/encoders-DATA."
    ),
]
PretextFolder = Annotated[
    Path, typer.Option(help="The folder of finished and unfinished cells; a larger matrix resumes them.")
]

Networks = Annotated[int, typer.Option(min=0, help="Networks computed in parallel; 0 for one per core.")]
Collect = Annotated[
    bool, typer.Option("--collect", help="Compute nothing: use what is finished, even while the job is running.")
]
Methods = Annotated[
    str, typer.Option(help="Encoders to compare, separated by commas; also pre-trained ones by name or file.")
]
SeveralMethods = Annotated[str, typer.Option(help="supervised, proxy, flow, fgp, separated by commas.")]
Tasks = Annotated[
    str | None,
    typer.Option(
        help="Separated by commas: supervised; pretext tasks; sums of them such as 0.5*flow+0.5*gmae; surrogates for "
        "all of FGP's variants, or by name (fgp_forward ...); learned for a learnt surrogate. Default: supervised and "
        "all tasks."
    ),
]
PretrainOn = Annotated[
    str | None,
    typer.Option(
        help="Data sets or table files, separated by commas, whose joint architectures encoders are pre-trained on; "
        "default: the table that is ranked."
    ),
]
SeveralEncoders = Annotated[
    str,
    typer.Option(
        "--encoders", help="Which encoders, separated by commas; 'NAME SETTING=VALUE ...' for other settings."
    ),
]
SeveralEpochs = Annotated[
    str,
    typer.Option(
        help="Of fine-tuning: one number for each of the labels, separated by commas, or one for all; default: every "
        "encoder's published ones."
    ),
]
ProxyTable = Annotated[
    Path | None,
    typer.Option(
        help="A table with more proxies of the same architectures (`archflow proxies` writes one); its columns "
        "zc_* take the place of the data's own."
    ),
]
