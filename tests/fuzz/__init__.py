"""An attack on everything that reads what others wrote: `python -m tests.fuzz`, or `make fuzz`.

Every input must be taken or refused with one line, within ten seconds and two gigabytes. A surface is a function of
`tests/fuzz/` that damages one kind of input; input number i of a surface is always the same for a seed.
"""

from tests.fuzz import binary, files, options, tables
from tests.fuzz.surface import SURFACES

__all__ = ["SURFACES", "binary", "files", "options", "tables"]
