"""The sink: an HTTP server that keeps posted events, and links them behind the answer."""
