"""SIP over datagrams without I/O: bytes go in, events come out, and `now` is an argument.

This package decides what belongs on the wire for each call (RFC 3261 and its corrections).
It opens no socket, reads no clock and rolls no dice: `vyzov.telephony` and `vyzov.pstn` do
that for it.
"""
