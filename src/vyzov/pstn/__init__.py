"""A telephone network in a box: callees behind real SIP and RTP on loopback."""
