"""The rooms of the HTTP API, one file each."""
