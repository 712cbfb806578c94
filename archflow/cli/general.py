"""General options, which may be given before or after the name of a verb.

A configuration file gives options of the verb that runs: `metric = "accuracy"` stands for `--metric accuracy`. Options
on the command line take precedence. The table `[fit]` applies to the verb `fit` only.
"""

from __future__ import annotations

import copy
import logging
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from archflow import __version__
from archflow.cli.elsewhere import add_hints
from archflow.errors import ArchflowError
from archflow.files import reason
from archflow.near import alternatives
from archflow.printable import printable, shown
from archflow.progress import LOGGER

_CONFIG = "archflow.config"
"""Where a context keeps the path of the configuration file until the verb is known."""


class _ToStandardError(logging.Handler):
    """Print records as lines on standard error, warnings with "warning:" in front."""

    def emit(self, record: logging.LogRecord) -> None:
        word = "warning: " if record.levelno >= logging.WARNING else ""
        typer.echo(printable(word + record.getMessage()), err=True)


def start_log() -> None:
    """Print what archflow logs on standard error: notes and warnings, unless an option says otherwise."""
    LOGGER.handlers[:] = [_ToStandardError()]  # replaces the handler that programs get
    LOGGER.setLevel(logging.INFO)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"archflow {__version__}")
        raise typer.Exit


def _set_level(level: int) -> Any:
    def callback(wanted: bool) -> None:
        if wanted:
            LOGGER.setLevel(level)

    return callback


def _import_plugins(paths: list[Path] | None) -> None:
    """Run the user's files, which register their parts."""
    from archflow.named_objects import run_plugins

    run_plugins(paths or ())


def _configure(context: typer.Context, path: Path | None) -> None:
    """Use the values of the configuration file as defaults of the verb's options."""
    if path is not None:
        context.meta[_CONFIG] = path
    known = getattr(context.command, "commands", None)
    if known is None and _CONFIG in context.meta:
        context.default_map = _defaults(context, context.meta[_CONFIG])


def _defaults(context: typer.Context, path: Path) -> dict[str, Any]:
    """The values in a file for the verb of a context, by the names of its parameters."""
    content = _read(path)
    own = content.get(context.command.name or "")
    given = {name: value for name, value in content.items() if not isinstance(value, Mapping)}
    given |= dict(own) if isinstance(own, Mapping) else {}
    own_options = [each for each in context.command.params if each.name != "config"]
    names = {name: each for each in own_options for name in _names(each)}
    for key in given:
        if key not in names:
            there = alternatives(key, sorted({_names(each)[0] for each in names.values()}), listed="its options are")
            raise ArchflowError(f"{path}: {context.command.name} has no option {shown(key)}; {there}")
    return {str(names[key].name): _value(names[key], key, value, path) for key, value in given.items()}


def _value(parameter: Any, key: str, value: Any, path: Path) -> Any:
    """Convert a value to the form in which the command line would give it."""
    if isinstance(value, Mapping | list) and not (isinstance(value, list) and parameter.multiple):
        raise ArchflowError(f"{path}: {key} takes one value, not {shown(value)}")
    if isinstance(value, bool):
        return value
    return (
        [str(each) for each in value] if isinstance(value, list) else [str(value)] if parameter.multiple else str(value)
    )


def _names(parameter: Any) -> list[str]:
    """The names of a parameter in a file: its options without leading dashes, with dashes or underscores inside."""
    words = [option.lstrip("-") for option in parameter.opts]
    return [*words, *(word.replace("-", "_") for word in words)]


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ArchflowError(f"--config {path}: cannot be read ({reason(error)})") from None
    except ValueError as error:
        raise ArchflowError(f"--config {path}: is not TOML ({error})") from None


VersionOption = Annotated[
    bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="A TOML file whose keys are options of the verb, such as metric = 'accuracy'; the command line takes "
        "precedence.",
        is_eager=True,
        callback=_configure,
        expose_value=False,
    ),
]
PluginOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        help="A Python file of yours that is run first, to register parts; may be repeated.",
        is_eager=True,
        callback=_import_plugins,
        expose_value=False,
    ),
]
VerboseOption = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        help="Also print details: files read, settings, encoders, seconds.",
        is_eager=True,
        callback=_set_level(logging.DEBUG),
        expose_value=False,
    ),
]
QuietOption = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        help="Print results and errors only: no progress, notes or warnings.",
        is_eager=True,
        callback=_set_level(logging.ERROR),
        expose_value=False,
    ),
]


def options(
    version: VersionOption = False,
    config: ConfigOption = None,
    plugin: PluginOption = None,
    verbose: VerboseOption = False,
    quiet: QuietOption = False,
) -> None:
    """Rank neural architectures after measuring only a few."""


def with_general_options(root: Any) -> Any:
    """Accept the general options after the name of a verb too; they are documented in the root's help only.

    Verbs that call an option otherwise answer with a hint (`add_hints`).
    """
    general = [each for each in root.params if each.name in ("config", "plugin", "verbose", "quiet")]
    for verb in _verbs(root):
        own = {option for each in verb.params for option in each.opts}
        for each in general:
            if own.isdisjoint(each.opts):
                hidden = copy.copy(each)
                hidden.hidden = True
                verb.params.append(hidden)
    add_hints(root)
    return root


def _verbs(group: Any) -> Iterator[Any]:
    for command in group.commands.values():
        if hasattr(command, "commands"):
            yield from _verbs(command)
        else:
            yield command
