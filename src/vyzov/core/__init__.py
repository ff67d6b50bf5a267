"""Decides. Plain functions of facts and time; the standard library only."""
