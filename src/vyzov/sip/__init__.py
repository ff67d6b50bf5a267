"""SIP: bytes in, events out, the time an argument."""
