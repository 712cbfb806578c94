"""The papers' protocols, studies and speed measurements, run with archflow; `archflow bench` is the command."""
