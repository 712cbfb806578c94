"""Speed measurements, compared with the limits of the machine."""
