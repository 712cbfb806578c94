"""Validation of network sizes."""

from archflow.errors import ArchflowError


def check_sizes(**sizes: int) -> None:
    """Raise ArchflowError for a size below one; keyword names appear in the message: `check_sizes(classes=10)`."""
    for name, size in sizes.items():
        if size < 1:
            raise ArchflowError(f"a network with {size} {name.replace('_', ' ')} cannot be built: give at least 1")
