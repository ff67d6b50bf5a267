"""`python -m vyzov`."""

from vyzov.cli import main

main()
