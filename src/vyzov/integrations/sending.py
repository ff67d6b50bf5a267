"""Brings one signed body to one address: looked up, checked, connected to, asked once.

The name is looked up here and the connection goes to an address that was checked, so that a name which
means another address a moment later (DNS rebinding) leads nowhere. Redirects are not followed, proxies
of the environment not used, the answer's body not read.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from vyzov.core.webhook_url import IPAddress, is_public, url_faults

SEND_LIMIT = timedelta(seconds=30)
DEFAULT_PORTS = {"http": 80, "https": 443}


class SendFault(StrEnum):
    """Ids of why nothing was delivered; screens word them."""

    NONE = ""
    ADDRESS_REFUSED = "address_refused"
    NO_ADDRESS = "no_address"
    NOT_CONNECTED = "not_connected"
    CERTIFICATE = "certificate"
    TIMEOUT = "timeout"
    BROKEN_OFF = "broken_off"
    REDIRECT = "redirect"
    NOT_ACCEPTED = "not_accepted"


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one sending: the receiver's status, or why there is none."""

    status: int | None
    fault: SendFault
    took_ms: int
    wait: timedelta | None = None

    @property
    def delivered(self) -> bool:
        return self.fault is SendFault.NONE


class Send(Protocol):
    """Brings a body to a URL; never raises for what the receiver does."""

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent: ...


class Refused(Exception):
    """A name that leads, or may lead, into a private network."""


class Sender:
    """A `Send` over HTTP/1.1; with `private` it also goes where only this house can go."""

    def __init__(self, *, private: bool, limit: timedelta = SEND_LIMIT) -> None:
        """Reads the certificates of this machine and those that came with the libraries."""
        context = httpx.create_ssl_context(trust_env=False)
        context.load_default_certs()
        self._private = private
        self._limit_s = limit.total_seconds()
        # No connection is kept: one that was checked for a name must not serve another.
        self._client = httpx.AsyncClient(
            verify=context, trust_env=False, follow_redirects=False, timeout=self._limit_s,
            limits=httpx.Limits(max_keepalive_connections=0),
        )  # fmt: skip

    async def close(self) -> None:
        """Closes what is open."""
        await self._client.aclose()

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        """Brings the body there within the limit, all of it: looking up, connecting, answering."""
        clock = asyncio.get_running_loop()
        begun = clock.time()
        status: int | None = None
        wait: timedelta | None = None
        try:
            async with asyncio.timeout(self._limit_s):
                status, wait = await self._ask(url, headers, body)
            fault = _fault_of(status)
        except (TimeoutError, httpx.TimeoutException):
            fault = SendFault.TIMEOUT
        except Refused:
            fault = SendFault.ADDRESS_REFUSED
        except (socket.gaierror, UnicodeError):
            fault = SendFault.NO_ADDRESS
        except httpx.ConnectError as error:
            is_tls = isinstance(error.__context__, ssl.SSLError) or "SSL" in str(error)
            fault = SendFault.CERTIFICATE if is_tls else SendFault.NOT_CONNECTED
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            fault = SendFault.BROKEN_OFF
        return Sent(status, fault, int((clock.time() - begun) * 1000), wait)

    async def _ask(
        self, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, timedelta | None]:
        if url_faults(url, private=self._private):
            raise Refused(url)
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        address = await self._address(host, port)
        target = httpx.URL(url).copy_with(host=str(address), port=port)
        named = {**headers, "host": parts.netloc}
        request = self._client.build_request(
            "POST", target, headers=named, content=body, extensions={"sni_hostname": host}
        )
        answer = await self._client.send(request, stream=True)
        try:
            return answer.status_code, _asked_wait(answer.headers.get("retry-after", ""))
        finally:
            await answer.aclose()

    async def _address(self, host: str, port: int) -> IPAddress:
        """Looks a name up; one that leads to any address we may not go to is refused whole."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
        if not self._private and not all(map(is_public, addresses)):
            raise Refused(host)
        return addresses[0]


def _fault_of(status: int) -> SendFault:
    if 200 <= status < 300:
        return SendFault.NONE
    return SendFault.REDIRECT if 300 <= status < 400 else SendFault.NOT_ACCEPTED


def _asked_wait(text: str) -> timedelta | None:
    """Reads Retry-After in seconds; a date is not looked at (its clock is another's)."""
    return timedelta(seconds=int(text[:6])) if text.isascii() and text.isdecimal() else None
