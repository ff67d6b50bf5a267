"""How many calls to place on this tick, and the reason in words."""
