"""A name server for tests: answers what its zone says, over UDP on loopback."""

import asyncio
from typing import Any, Self

import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset


class NameServer(asyncio.DatagramProtocol):
    """`zone` maps (name, kind) to (ttl, texts of records); anything else does not exist."""

    def __init__(self, zone: dict[tuple[str, str], tuple[int, tuple[str, ...]]]) -> None:
        self.zone = zone
        self.asked: list[tuple[str, str]] = []
        self.silent = False
        self._transport: Any = None

    @property
    def address(self) -> str:
        return "127.0.0.1:{}".format(self._transport.get_extra_info("sockname")[1])

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if self.silent:
            return
        reply = dns.message.make_response(query)
        found = self.zone.get((name, kind))
        if found is not None:
            ttl, texts = found
            reply.answer.append(dns.rrset.from_text(question.name, ttl, "IN", kind, *texts))
        elif not any(known == name for known, _ in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(reply.to_wire(), addr)
