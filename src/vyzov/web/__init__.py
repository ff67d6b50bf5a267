"""The HTTP API, the live socket, sessions and the built screens."""
