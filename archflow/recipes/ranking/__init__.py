"""Ranking of whole search spaces, or of large samples of them, as one stream with bounded memory."""
