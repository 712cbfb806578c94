"""The protocol of the FGP paper, run by run."""
