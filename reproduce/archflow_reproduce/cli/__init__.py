"""The verbs of `archflow bench`."""
