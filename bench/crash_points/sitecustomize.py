"""Loaded by Python itself at the start of every process of `verify crash`."""

from named_points import begin

begin()
