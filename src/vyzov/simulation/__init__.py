"""People and networks of a made-up world."""
