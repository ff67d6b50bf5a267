"""The embedded engine: our SIP and sound, browsers by WebRTC, behind the Telephony port."""
