"""One study a file: what it measures, and its result as JSON keeps it."""
