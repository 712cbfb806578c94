"""The one error type a user sees."""


class ArchflowError(ValueError):
    """The user's input cannot be used: one line that says what is wrong, where, and how to correct it.

    The command line prints the line and ends with exit code 2; no traceback.
    """

    def __init__(self, message: str) -> None:
        # Names and values of the user's, and messages of libraries, may have several lines.
        super().__init__(" ".join(message.splitlines()))
