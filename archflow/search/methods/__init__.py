"""Search methods: one file per method."""
