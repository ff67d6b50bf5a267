"""Settings that hold for every test."""

from hypothesis import settings

# A deadline in milliseconds measures how busy the machine is, not whether the code is right.
settings.register_profile("vyzov", deadline=None)
settings.load_profile("vyzov")
