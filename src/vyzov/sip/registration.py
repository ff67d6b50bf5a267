"""Signs in at a carrier and stays signed in: REGISTER as a client (RFC 3261 §10.2).

One `Registration` keeps one address of record bound: it answers challenges without looping, takes
a longer span where the registrar demands one, refreshes before the span runs out, keeps the way
back open, and after a failure comes back at growing intervals. What a refusal means for the trunk
is decided by the owner, who is told of every change.
"""

from collections.abc import Callable
from dataclasses import dataclass

from vyzov.sip.auth import Account, Credentials
from vyzov.sip.endpoint import ALLOW, Endpoint
from vyzov.sip.events import Hop, RegistrationChanged, RegistrationState
from vyzov.sip.fields import addresses, bounded_int
from vyzov.sip.message import Message
from vyzov.sip.schedule import Timers
from vyzov.sip.transaction import ClientTransaction

EXPIRES_MAX_S = 86_400
EXPIRES_LEAST_S = 10
"""A registrar that grants less is refreshed as if it had granted this much."""
TRIES_MAX = 4
"""REGISTERs of one cycle: the first, and answers to challenges and to 423."""
FIRST_BACK_OFF_S = 5.0
LAST_BACK_OFF_S = 300.0
RETRY_AFTER_MAX_S = 3_600.0
KEEP_ALIVE_S = 25.0
"""Below the 30 s after which the shortest address translations forget a way (RFC 5626 §4.4)."""
PONG_WITHIN_S = 10.0
PING = b"\r\n\r\n"
_LASTING = frozenset({403, 404, 405, 410, 420, 501, 604, 606})
"""Answers that will be the same in five seconds: asked again at the longest interval only."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who signs in where. `aor` is the address of record, `user@domain`; spans are seconds."""

    trunk: str
    target: Hop
    aor: str
    account: Account
    expires_s: int

    def __post_init__(self) -> None:
        """Raises ValueError where `aor` is no `user@domain`."""
        user, at, domain = self.aor.partition("@")
        odd = not self.aor.isprintable() or any(sign in ' <>";?@' for sign in user + domain)
        if not (at and user and domain) or odd:
            raise ValueError(f"address of record {self.aor[:80]!r}: write it as user@domain")


class Registration:
    """One address of record, from the first REGISTER to the one that takes it back.

    `dice` gives numbers of 0..1 and spreads refreshes, so that a thousand phones that lost their
    power together do not come back together.
    """

    def __init__(
        self, endpoint: Endpoint, plan: SignIn, dice: Callable[[], float], now: float
    ) -> None:
        """Sends the first REGISTER."""
        self.plan = plan
        self.state = RegistrationState.TRYING
        self.seen_as = ""
        """Our address as the registrar saw it, where it is not the one we name ourselves by."""
        self._endpoint = endpoint
        self._dice = dice
        self._uri = f"sip:{plan.aor.partition('@')[2]}"
        self._call_id = endpoint.new_token()
        self._tag = endpoint.new_token()
        self._cseq = 0
        self._expires = max(1, min(plan.expires_s, EXPIRES_MAX_S))
        self._bound_until = 0.0
        self._failures = 0
        self._stopping = False
        self._pongs = False
        self._timers = Timers(endpoint.layer.schedule, self._on_timer)
        self._credentials = Credentials(plan.account, endpoint.new_token)
        self._asked: ClientTransaction | None = None
        self._tries = 0
        self._begin(now)

    @property
    def over(self) -> bool:
        """Tells that nothing more will be sent."""
        return self.state is RegistrationState.STOPPED

    # ---- what the owner does and what happens to it ----------------------------------------------

    def stop(self, now: float) -> None:
        """Takes the binding back, if there may be one; `stopped` is told when that is done."""
        if self._stopping:
            return
        self._stopping = True
        self._timers.stop()
        if self._asked is not None:
            # It may yet be granted: the one that takes it back has a higher CSeq.
            self._asked.terminate()
        elif self._bound_until <= now:
            self._timers.end()
            self._change(RegistrationState.STOPPED, now)
            return
        self._begin(now)

    def receive_pong(self, source: Hop) -> None:
        """Takes the answer to a keep-alive (RFC 5626 §4.4.1); from now on it is expected."""
        if source.transport.reliable and source[:3] == self.plan.target[:3]:
            self._pongs = True
            self._timers.stop("pong")

    def connection_lost(self, lost: Hop, now: float) -> None:
        """Takes that a connection is gone; with it went the way on which calls reach us."""
        same = lost.flow == 0 and lost[:4] == self.plan.target[:4]
        if same and self.state is RegistrationState.REGISTERED and self._asked is None:
            self._timers.stop("pong", "keep_alive")
            self._fail(now, 0, f"the connection {self.plan.target} was lost")

    # ---- one cycle of REGISTERs --------------------------------------------------------------------

    def _begin(self, now: float) -> None:
        self._tries = 0
        # The nonce of an earlier cycle may have grown old, and not every registrar says so.
        self._credentials.begin()
        self._send(now)

    def _send(self, now: float) -> None:
        self._cseq += 1
        self._tries += 1
        endpoint, target = self._endpoint, self.plan.target
        expires = 0 if self._stopping else self._expires
        address = f"<sip:{self.plan.aor}>"
        proofs = self._credentials.headers("REGISTER", self._uri)
        request = endpoint.request(
            "REGISTER",
            self._uri,
            branch=endpoint.new_branch(),
            sender=f"{address};tag={self._tag}",
            recipient=address,
            call_id=self._call_id,
            cseq=self._cseq,
            headers=[
                ("Contact", f"{endpoint.contact(target.transport)};expires={expires}"),
                ("Expires", str(expires)),
                ("Allow", ALLOW),
                *proofs,
            ],
        )
        asked = endpoint.layer.start_client(
            request, target, now, lambda response, at: self._on_response(asked, response, at)
        )
        self._asked = asked

    def _on_response(self, asked: ClientTransaction, response: Message | None, now: float) -> None:
        if response is None:
            self._end(now, 0, asked.failure or "no answer came")
        elif response.code >= 300:
            self._asked = None
            if self._tries >= TRIES_MAX or not self._answers(response):
                self._refused(response, now)
            else:
                self._send(now)
        elif response.code >= 200:
            self._asked = None
            self._granted(response, now)

    def _answers(self, response: Message) -> bool:
        """Tells whether another REGISTER may satisfy what this response demands."""
        if response.code in (401, 407):
            return self._credentials.take_response(response)
        if response.code == 423 and not self._stopping:
            try:
                least = bounded_int(response.header("Min-Expires"), EXPIRES_MAX_S)
            except ValueError:
                return False
            longer, self._expires = least > self._expires, max(self._expires, least)
            return longer
        return False

    def _granted(self, response: Message, now: float) -> None:
        self._note_own_address(response)
        if self._stopping:
            self._end(now, response.code, response.phrase)
            return
        granted = _granted_span(response, self._contact_uri(), self._expires)
        span = max(granted, EXPIRES_LEAST_S)
        self._failures = 0
        self._bound_until = now + granted
        self._timers.set("refresh", now + span * (0.8 + 0.1 * self._dice()))
        self._timers.set("keep_alive", now + KEEP_ALIVE_S)
        self._change(RegistrationState.REGISTERED, now, response.code, response.phrase, granted)

    def _refused(self, response: Message, now: float) -> None:
        code, phrase = response.code, response.phrase
        if self._stopping:
            self._end(now, code, phrase)
            return
        wrong = code in (401, 407)
        words = (self._credentials.refusal or phrase) if wrong else phrase
        self._fail(now, code, words, lasting=wrong or code in _LASTING, response=response)

    def _end(self, now: float, code: int, phrase: str) -> None:
        """Ends a cycle that came to nothing, or the last one of all."""
        self._asked = None
        if self._stopping:
            self._timers.end()
            self._change(RegistrationState.STOPPED, now, code, phrase)
        else:
            self._fail(now, code, phrase)

    def _fail(
        self,
        now: float,
        code: int,
        phrase: str,
        *,
        lasting: bool = False,
        response: Message | None = None,
    ) -> None:
        """Tells a failure and sets when to try again: at growing intervals with some jitter."""
        pause = LAST_BACK_OFF_S
        if not lasting:
            pause = min(FIRST_BACK_OFF_S * 2**self._failures, LAST_BACK_OFF_S)
        self._failures = min(self._failures + 1, 16)
        pause = max(FIRST_BACK_OFF_S, pause * (0.75 + 0.25 * self._dice()))
        told = 0.0 if response is None else _retry_after(response)
        if told:
            # What the registrar asks for is the least; everybody else it asked comes back too.
            pause = max(pause, told + min(told * 0.1, 30.0) * self._dice())
        self._timers.set("refresh", now + pause)
        state = RegistrationState.REFUSED if lasting else RegistrationState.FAILING
        left = max(0, int(self._bound_until - now))
        self._change(state, now, code, phrase, left, retry_s=pause)

    def _change(
        self,
        state: RegistrationState,
        now: float,
        code: int = 0,
        phrase: str = "",
        expires_s: int = 0,
        retry_s: float = 0.0,
    ) -> None:
        self.state = state
        self._endpoint.emit(
            RegistrationChanged(
                "", now, self.plan.trunk, state, code, phrase, expires_s, retry_s, self.seen_as
            )
        )

    # ---- time --------------------------------------------------------------------------------------

    def _on_timer(self, name: str, now: float) -> None:
        if name == "keep_alive":
            if self._bound_until <= now:
                return
            self._endpoint.layer.send(PING, self.plan.target)
            self._timers.set("keep_alive", now + KEEP_ALIVE_S)
            if self._pongs:
                self._timers.set("pong", now + PONG_WITHIN_S)
        elif name == "refresh":
            self._begin(now)
        elif self._asked is None:
            # The far side has answered every one so far: this way is dead though it looks open.
            self._timers.stop("keep_alive")
            self._fail(now, 0, f"{self.plan.target} no longer answers keep-alives")

    # ---- addresses ---------------------------------------------------------------------------------

    def _contact_uri(self) -> str:
        return self._endpoint.contact(self.plan.target.transport).strip("<>")

    def _note_own_address(self, response: Message) -> None:
        via = response.via
        host = (via.params.get("received") or via.host)[:64]
        port, rport = str(via.port or ""), via.params.get("rport", "")
        if rport and not self.plan.target.transport.reliable:
            # Of a connection this would be the port it was made from, which nobody can call.
            port = rport[:5]
        self.seen_as = "" if (host, port) == (via.host, str(via.port or "")) else f"{host}:{port}"


class Registrations:
    """All sign-ins of an agent, by trunk."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Has none; `dice` may be replaced before the first one starts."""
        self.dice: Callable[[], float] = endpoint.dice
        self._endpoint = endpoint
        self._living: dict[str, Registration] = {}
        self._leaving: list[Registration] = []

    def start(self, plan: SignIn, now: float) -> None:
        """Signs in; the same plan again changes nothing, another one takes its place."""
        before = self._living.get(plan.trunk)
        if before is None or before.plan != plan:
            # The sign-out goes first: behind the sign-in it would take the same contact back.
            self.stop(plan.trunk, now)
            self._living[plan.trunk] = Registration(self._endpoint, plan, self.dice, now)

    def stop(self, trunk: str, now: float) -> None:
        """Signs out; a trunk that is not signed in is no fault."""
        gone = self._living.pop(trunk, None)
        if gone is not None:
            gone.stop(now)
            self._leaving = [one for one in [*self._leaving, gone] if not one.over]

    def stop_all(self, now: float) -> None:
        """Signs out everywhere."""
        for trunk in list(self._living):
            self.stop(trunk, now)

    @property
    def quiet(self) -> bool:
        """Tells that every sign-out has come to its end."""
        return not self._living and all(one.over for one in self._leaving)

    def receive_pong(self, source: Hop) -> None:
        """Takes the answer to a keep-alive."""
        for one in self._living.values():
            one.receive_pong(source)

    def connection_lost(self, lost: Hop, now: float) -> None:
        """Takes that a connection is gone."""
        for one in self._living.values():
            one.connection_lost(lost, now)


def _granted_span(response: Message, contact: str, asked: int) -> int:
    """Returns the seconds granted to our own contact (RFC 3261 §10.2.4), bounded.

    A registrar that mends addresses may list ours as it saw it: where none is recognised, the
    shortest span may be ours, and to come back too early does no harm.
    """
    contacts = addresses(response.lines("Contact"))
    own = [_seconds(one.params.get("expires", "")) for one in contacts if one.uri == contact]
    if own and own[0] is not None:
        return own[0]
    listed = [] if own else [_seconds(one.params.get("expires", "")) for one in contacts]
    spans = [span for span in listed if span]
    if spans:
        return min(spans)
    said = _seconds(response.header("Expires"))
    return asked if said is None else said


def _seconds(text: str) -> int | None:
    try:
        return bounded_int(text, EXPIRES_MAX_S)
    except ValueError:
        return None


def _retry_after(response: Message) -> float:
    """Returns the seconds of a Retry-After, comment and parameters aside; 0 for none."""
    text = response.header("Retry-After").partition(";")[0].partition("(")[0]
    try:
        return min(float(bounded_int(text, 10**9)), RETRY_AFTER_MAX_S)
    except ValueError:
        return 0.0
