"""What two session descriptions mean for a leg's sound: where it goes, how it is cut and sealed.

SDP itself is read and written in `sip.sdp`; here its agreement becomes the `Terms` of an `RtpPort`, or
a refusal in words. Keys of SRTP are made here, a fresh one for each call, and offered only where the
owner says that signalling is sealed too.
"""

import ipaddress
import os
from dataclasses import asdict
from functools import lru_cache

from vyzov.media.frame import SAMPLE_RATE
from vyzov.media.g711 import Law
from vyzov.media.srtp import KEY_BYTES
from vyzov.sip import sdp
from vyzov.sip.events import CallRejected
from vyzov.telephony.native.rtp_port import Keys, Terms
from vyzov.telephony.native.trunks import is_address

_BROADCAST = ipaddress.IPv4Address("255.255.255.255")
NO_SOUND = "no_common_codec"
NOT_SECURE = "no_srtp"


class NoSound(ValueError):
    """The two sides agree on no sound that may flow; `cause` is what the leg ends with."""

    def __init__(self, cause: str, text: str) -> None:
        """Says why in words."""
        super().__init__(text)
        self.cause = cause


def fresh_keys() -> tuple[sdp.SrtpKeys, ...]:
    """Returns a key of its own for each suite offered, the strongest-kept one first."""
    return tuple(
        sdp.SrtpKeys(suite, os.urandom(size), tag)
        for tag, (suite, size) in enumerate(KEY_BYTES.items(), 1)
    )


def terms_of(offer: bytes, remote: bytes, signalling_host: str) -> tuple[sdp.Agreement, Terms]:
    """Returns what our description and the far side's agree on; raises `NoSound`."""
    try:
        agreed = sdp.agree(offer, remote)
    except sdp.NotSecure as error:
        raise NoSound(NOT_SECURE, str(error)) from error
    except ValueError as error:
        raise NoSound(NO_SOUND, str(error)) from error
    if not is_address(agreed.address) or agreed.port == 0:
        raise NoSound(NO_SOUND, f"no sound can be sent to {agreed.address!r} port {agreed.port}")
    address = _address(agreed.address)
    if address.is_multicast or address == _BROADCAST:
        raise NoSound(NO_SOUND, f"{agreed.address} is many receivers, and a call has one")
    host, port = agreed.rtcp
    keys = None
    if agreed.our_keys is not None and agreed.their_keys is not None:
        ours, theirs = agreed.our_keys, agreed.their_keys
        keys = Keys(ours.suite, ours.key), Keys(theirs.suite, theirs.key)
    return agreed, Terms(
        remote=(agreed.address, agreed.port),
        law=Law(agreed.codec),
        event_type=agreed.event_payload,
        hosts=frozenset({signalling_host}),
        patient=not _is_hidden(address, signalling_host),
        packet_samples=agreed.ptime * SAMPLE_RATE // 1000,
        # Reports to a third host could be aimed at somebody who never asked for them.
        rtcp=(host, port) if host == agreed.address and 0 < port < 65_536 else None,
        keys=keys,
    )


def raw_evidence(event: CallRejected) -> dict[str, tuple[str, ...]]:
    """Returns what a rejection said beside its code, by name; what was not said is left out."""
    told = asdict(event.evidence)
    told["provisionals"] = tuple(
        f"{one.after_s:.3f} {one.code} {one.phrase};tag={one.to_tag}" for one in event.heard
    )
    return {name: tuple(values) for name, values in told.items() if values}


# Carriers send from few addresses, and reading one takes as long as the rest of an agreement.
@lru_cache(maxsize=1024)
def _address(host: str) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(host)


def _is_hidden(address: ipaddress.IPv4Address, signalling_host: str) -> bool:
    """Tells an address nobody outside can send from: private, told by a host that is not."""
    if not is_address(signalling_host) or address.is_loopback:
        return False
    return address.is_private and not _address(signalling_host).is_private
