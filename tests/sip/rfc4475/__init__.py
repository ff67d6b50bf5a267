"""The forty-nine torture messages of RFC 4475, made anew from what it says of each."""

from rfc4475.answers import ANSWERS
from rfc4475.bad import BAD
from rfc4475.good import GOOD
from rfc4475.layers import LAYERS
from rfc4475.situations import CALL, Answered, Invited, Sender, Situation
from rfc4475.version6 import VERSION6

REQUESTS = (*GOOD, *BAD, *LAYERS)

__all__ = [
    "ANSWERS", "CALL", "REQUESTS", "VERSION6", "Answered", "Invited", "Sender", "Situation",
]  # fmt: skip
