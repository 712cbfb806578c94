"""The one error type a user sees."""


class ArchflowError(ValueError):
    """Something the user gave cannot be used: one line that says what, where and how to mend it.

    The command line prints the line and ends with exit code 2; no traceback.
    """
