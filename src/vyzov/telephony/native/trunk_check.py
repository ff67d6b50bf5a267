"""Looks at one trunk step by step, as a person at a console would: name, connection, certificate,
OPTIONS, sign-in.

Each step says what was found in a word of `Finding` and what was seen. The words people read are
chosen by whoever shows them; a step that would need the one before it to work is left out.
"""

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from vyzov.core.trunk import probe_lives
from vyzov.dialer.ports import SetTrunk
from vyzov.sip.events import Hop, OptionsAnswered, SipEvent, Transport
from vyzov.telephony.native.dns import Found, NoNameServer, NotFound
from vyzov.telephony.native.signalling import Signalling
from vyzov.telephony.native.tls import NoTls, TlsContexts, why
from vyzov.telephony.native.trunk_watch import TrunkWatch
from vyzov.telephony.native.trunks import Trunks

CONNECT_LIMIT_S = 5.0
OPTIONS_LIMIT_S = 5.0
SIGN_IN_LIMIT_S = 6.0
EXPIRES_SOON_DAYS = 21
ADDRESSES_TRIED = 4

Steps = tuple[tuple[str, str, str], ...]


class Step(StrEnum):
    """What is looked at, in this order."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    CERTIFICATE = "certificate"
    OPTIONS = "options"
    REGISTER = "register"
    CALL = "call"
    SOUND = "sound"


class Finding(StrEnum):
    """What was found; `ok` and those after it up to `note` are no failures."""

    OK = "ok"
    OK_AUTH_ASKED = "ok_auth_asked"
    OK_REFUSED = "ok_refused"
    EXPIRES_SOON = "expires_soon"
    NOT_FOUND = "not_found"
    NO_NAME_SERVER = "no_name_server"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    NO_TLS = "no_tls"
    WRONG_NAME = "wrong_name"
    UNTRUSTED = "untrusted"
    EXPIRED = "expired"
    NO_REPLY = "no_reply"
    OVERLOADED = "overloaded"
    LOGIN_REFUSED = "login_refused"
    ONLY_MD5 = "only_md5"
    REGISTRATION_REFUSED = "registration_refused"
    UNKNOWN_TRUNK = "unknown_trunk"
    NOT_ANSWERED = "not_answered"
    CALL_FAILED = "call_failed"
    ONE_WAY = "one_way"
    SILENT = "silent"


GOOD = frozenset({Finding.OK, Finding.OK_AUTH_ASKED, Finding.OK_REFUSED, Finding.EXPIRES_SOON})


@dataclass(frozen=True, slots=True)
class _Seen:
    step: Step
    finding: Finding
    detail: str

    def plain(self) -> tuple[str, str, str]:
        return self.step.value, self.finding.value, self.detail


class TrunkChecks:
    """Checks under way in an engine."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, *, signalling: Signalling, trunks: Trunks,
        watch: TrunkWatch, tls: TlsContexts,
    ) -> None:  # fmt: skip
        """Has none."""
        self._loop = loop
        self._signalling = signalling
        self._trunks = trunks
        self._watch = watch
        self._tls = tls
        self._answers: dict[str, asyncio.Future[OptionsAnswered]] = {}
        self._running: set[asyncio.Task[None]] = set()

    def start(self, trunk: str, done: Callable[[Steps], None]) -> None:
        """Looks at a trunk and gives what was found to `done`."""

        async def look() -> None:
            done(await self.check(trunk))

        task = self._loop.create_task(look())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def handle(self, event: SipEvent) -> bool:
        """Takes an answer to an OPTIONS of a check; True where it was one."""
        waiting = (
            self._answers.pop(event.token, None) if isinstance(event, OptionsAnswered) else None
        )
        if waiting is None or not isinstance(event, OptionsAnswered):
            return False
        if not waiting.done():
            waiting.set_result(event)
        return True

    def close(self) -> None:
        """Stops every check."""
        for task in self._running:
            task.cancel()

    async def check(self, trunk: str) -> Steps:
        """Returns the steps of one look at a trunk."""
        told = self._trunks.told(trunk)
        if told is None:
            return (_Seen(Step.RESOLVE, Finding.UNKNOWN_TRUNK, "").plain(),)
        seen: list[_Seen] = []
        found = await self._resolve(told, seen)
        if found is not None:
            hop = await self._reach(found, told, seen)
            if hop is not None:
                await self._options(hop, seen)
                if told.register:
                    await self._sign_in(trunk, seen)
        return tuple(one.plain() for one in seen)

    # ---- the steps

    async def _resolve(self, told: SetTrunk, seen: list[_Seen]) -> Found | None:
        transport = Transport(told.transport)
        name = (told.tls_name or told.host) if transport is Transport.TLS else ""
        try:
            found = await self._trunks.resolver.find(told.host, told.port, transport, name)
        except NotFound as error:
            seen.append(_Seen(Step.RESOLVE, Finding.NOT_FOUND, str(error)))
            return None
        except NoNameServer as error:
            seen.append(_Seen(Step.RESOLVE, Finding.NO_NAME_SERVER, str(error)))
            return None
        where = ", ".join(f"{one.hop.host}:{one.hop.port}" for one in found.targets)
        seen.append(_Seen(Step.RESOLVE, Finding.OK, f"{where} ({transport}, {found.how})"))
        return found

    async def _reach(self, found: Found, told: SetTrunk, seen: list[_Seen]) -> Hop | None:
        """Returns the first address that takes a connection; over UDP there is none to take."""
        hops = [one.hop for one in found.targets[:ADDRESSES_TRIED]]
        if Transport(told.transport) is Transport.UDP:
            return hops[0]
        for place, hop in enumerate(hops):
            tried: list[_Seen] = []
            if await self._connect(hop, tried):
                seen += tried
                return hop
            if place == len(hops) - 1:
                seen += tried
        return None

    async def _connect(self, hop: Hop, seen: list[_Seen]) -> bool:
        address = f"{hop.host}:{hop.port}"
        writer: asyncio.StreamWriter | None = None
        try:
            tls = self._tls.client() if hop.transport is Transport.TLS else None
            async with asyncio.timeout(CONNECT_LIMIT_S):
                _, writer = await asyncio.open_connection(
                    hop.host, hop.port, ssl=tls, server_hostname=hop.name if tls else None
                )
        except ssl.SSLCertVerificationError as error:
            seen.append(_Seen(Step.CONNECT, Finding.OK, address))
            seen.append(_Seen(Step.CERTIFICATE, _certificate_fault(error), error.verify_message))
        except ssl.SSLError as error:
            seen.append(_Seen(Step.CONNECT, Finding.NO_TLS, f"{address}: {error.reason or error}"))
        except NoTls as error:
            seen.append(_Seen(Step.CERTIFICATE, Finding.UNTRUSTED, str(error)))
        except TimeoutError:
            seen.append(_Seen(Step.CONNECT, Finding.TIMED_OUT, address))
        except ConnectionRefusedError:
            seen.append(_Seen(Step.CONNECT, Finding.REFUSED, address))
        except OSError as error:
            seen.append(_Seen(Step.CONNECT, Finding.UNREACHABLE, f"{address}: {why(error)}"))
        if writer is None:
            return False
        seen.append(_Seen(Step.CONNECT, Finding.OK, address))
        if hop.transport is Transport.TLS:
            seen.append(_certificate(writer.get_extra_info("ssl_object"), hop.name))
        writer.close()
        return True

    async def _options(self, hop: Hop, seen: list[_Seen]) -> None:
        answer = self._loop.create_future()
        begun = time.monotonic()
        token = self._signalling.agent.options(hop, begun)
        self._answers[token] = answer
        self._signalling.pump()
        try:
            async with asyncio.timeout(OPTIONS_LIMIT_S):
                told: OptionsAnswered = await answer
        except TimeoutError:
            seen.append(_Seen(Step.OPTIONS, Finding.NO_REPLY, f"{hop.host}:{hop.port}"))
            return
        finally:
            self._answers.pop(token, None)
        took = f"{(time.monotonic() - begun) * 1000:.0f} ms"
        said = f"{told.code} {told.phrase}".strip()
        if told.code == 0:
            seen.append(_Seen(Step.OPTIONS, Finding.UNREACHABLE, told.phrase))
        elif not probe_lives(told.code):
            seen.append(_Seen(Step.OPTIONS, Finding.OVERLOADED, said))
        else:
            finding = Finding.OK if told.code < 300 else Finding.OK_REFUSED
            finding = Finding.OK_AUTH_ASKED if told.code in (401, 407) else finding
            seen.append(_Seen(Step.OPTIONS, finding, f"{said}, {took}"))

    async def _sign_in(self, trunk: str, seen: list[_Seen]) -> None:
        """Waits a moment for the sign-in that is under way, and says how it stands."""
        until = time.monotonic() + SIGN_IN_LIMIT_S
        finding = self._watch.finding(trunk, "registration")
        while finding is None and time.monotonic() < until:
            await asyncio.sleep(0.1)
            finding = self._watch.finding(trunk, "registration")
        if finding is None:
            seen.append(_Seen(Step.REGISTER, Finding.NO_REPLY, ""))
            return
        said = f"{finding.code} {finding.phrase}".strip() if finding.code else finding.phrase
        known = {
            "": Finding.OK,
            "only_md5": Finding.ONLY_MD5,
            "no_reply": Finding.NO_REPLY,
            "unreachable": Finding.UNREACHABLE,
        }
        result = known.get(finding.reason, Finding.REGISTRATION_REFUSED)
        if result is Finding.REGISTRATION_REFUSED and finding.code in (401, 407):
            result = Finding.LOGIN_REFUSED
        seen.append(_Seen(Step.REGISTER, result, said))


def _certificate_fault(error: ssl.SSLCertVerificationError) -> Finding:
    """Reads OpenSSL's number (X509_V_ERR_*): 10 expired, 62 and 64 another name."""
    if error.verify_code in (62, 64):
        return Finding.WRONG_NAME
    return Finding.EXPIRED if error.verify_code == 10 else Finding.UNTRUSTED


def _certificate(wire: ssl.SSLObject, name: str) -> _Seen:
    """Says how long the certificate that was accepted still holds."""
    shown = wire.getpeercert() or {}
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown.get("notAfter"))), UTC)
    left = ends - datetime.now(UTC)
    finding = Finding.EXPIRES_SOON if left.days < EXPIRES_SOON_DAYS else Finding.OK
    return _Seen(Step.CERTIFICATE, finding, f"{name}, {wire.version()}, {ends:%Y-%m-%d}")
