"""A browser's offer cut down to what the engine speaks, and the engine's answer completed.

Codecs are chosen here, by leaving one in the offer: preferences set after the offer was taken have
no effect on the answer. G.711 is kept where the browser has it, Opus otherwise.
"""

import re
from dataclasses import dataclass

MAX_OFFER_BYTES = 65_536
PLACEHOLDER_PORT = 9


class BadOffer(ValueError):
    """An offer this engine cannot answer; the text says what a browser must offer instead."""


@dataclass(frozen=True, slots=True)
class NarrowOffer:
    """An offer with one codec left: `codec` is PCMA, PCMU or opus."""

    sdp: str
    codec: str


def narrow(offer: str, hosts: list[str]) -> NarrowOffer:
    """Returns the offer with one audio codec; raises `BadOffer`.

    Candidates hidden behind mDNS names are dropped instead of looked up by multicast: the browser's
    own checks reveal its address. `hosts` are this engine's addresses; one of them stands in where
    no candidate is left, because ICE needs a first pair to begin."""
    if len(offer) > MAX_OFFER_BYTES or not offer.startswith("v=0"):
        raise BadOffer("the offer is no session description of at most 64 KB")
    lines = [line.rstrip("\r") for line in offer.split("\n") if line.strip()]
    streams = [line for line in lines if line.startswith("m=")]
    if len(streams) != 1 or not streams[0].startswith("m=audio "):
        raise BadOffer("the offer must hold exactly one stream, audio")
    payload, codec = _chosen(streams[0], lines)
    kept = [line for line in (_kept(line, payload) for line in lines) if line is not None]
    if not any(line.startswith("a=candidate:") for line in kept):
        host = hosts[0] if hosts else "127.0.0.1"
        kept.append(f"a=candidate:0 1 udp 1 {host} {PLACEHOLDER_PORT} typ host")
    return NarrowOffer("\r\n".join(kept) + "\r\n", codec)


def _chosen(stream: str, lines: list[str]) -> tuple[str, str]:
    names = {"0": "PCMU", "8": "PCMA"}
    for line in lines:
        found = re.match(r"a=rtpmap:(\d{1,3}) ([A-Za-z0-9_-]+)/(\d+)", line)
        if found is not None and (found[2].upper() != "PCMA" or found[3] == "8000"):
            names[found[1]] = found[2]
    offered = stream.split()[3:]
    for wanted in ("PCMA", "PCMU", "opus"):
        for payload in offered:
            if names.get(payload, "").lower() == wanted.lower():
                return payload, wanted
    raise BadOffer("the offer holds neither PCMA nor PCMU nor Opus")


def _kept(line: str, payload: str) -> str | None:
    """Returns the line as it stays in the offer, None where it goes."""
    if line.startswith("m="):
        return " ".join([*line.split()[:3], payload])
    found = re.match(r"a=(rtpmap|fmtp|rtcp-fb):(\S+)", line)
    if found is not None:
        return line if found[2] == payload and found[1] != "rtcp-fb" else None
    # Without header extensions a packet is its header and its sound; one stream needs no more.
    if line.startswith(("a=extmap", "a=end-of-candidates")):
        return None
    if line.startswith("a=candidate:"):
        words = line.split()
        usable = len(words) > 5 and words[2].lower() == "udp" and not words[4].endswith(".local")
        return line if usable else None
    return line


def advertise(answer: str, host: str) -> str:
    """Returns the answer with each host candidate repeated at `host`, a less favoured twin.

    For an engine whose own addresses browsers do not see; its UDP ports must reach it unchanged."""
    lines: list[str] = []
    for line in answer.split("\r\n"):
        lines.append(line)
        words = line.split()
        if line.startswith("a=candidate:") and len(words) > 7 and words[4] != host:
            twin = [f"{words[0]}9", *words[1:3], str(max(1, int(words[3]) - 1)), host, *words[5:]]
            lines.append(" ".join(twin))
    return "\r\n".join(lines)
