"""Adapters of the Telephony port."""
