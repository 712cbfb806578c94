"""The papers' protocols, studies and speed, measured with archflow; `archflow bench` is its command."""
