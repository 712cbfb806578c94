"""The HTTP service that `archflow serve` starts. It needs the extra `serve`."""
