"""Acts. The one place where events meet core and commands meet ports."""
