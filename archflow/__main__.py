"""`python -m archflow` is the command `archflow`."""

from archflow.cli.app import main

main()
