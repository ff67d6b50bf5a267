"""The embedded engine: our SIP, our media, browsers by WebRTC."""
