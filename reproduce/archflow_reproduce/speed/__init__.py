"""How fast the parts are, beside what the machine can do."""
