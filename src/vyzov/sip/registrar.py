"""Lets desk phones sign in: REGISTER as a server (RFC 3261 §10.3), and where each can be reached.

A phone is reached on the way its REGISTER came: the connection it opened, or the address its
datagram was sent from, so that a phone behind address translation rings and nobody can point
our calls elsewhere. Who is known and wrong gets the same answer as who is unknown. Which phones
there are, and whom they belong to, is the owner's to say.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from vyzov.sip.digest_gate import ALGORITHMS, DigestGate, Judgement
from vyzov.sip.endpoint import Endpoint
from vyzov.sip.events import Hop, PhoneBound, PhoneUnbound, SignInRefused
from vyzov.sip.fields import NameAddr, Uri, bounded_int
from vyzov.sip.message import MAX_CSEQ, Message
from vyzov.sip.schedule import Timers
from vyzov.sip.transaction import ServerTransaction

MIN_EXPIRES_S = 30
MAX_EXPIRES_S = 120
"""Short, so that a phone comes back by itself soon after the registrar was started anew."""
DEFAULT_EXPIRES_S = 120
KEEP_OPEN_S = 25.0
"""Below the 30 s after which the shortest address translations forget a way (RFC 5626 §4.4)."""
KEEP_ALIVE = b"\r\n\r\n"
CONTACTS_PER_REQUEST_MAX = 8
PHONES_MAX = 5_000
URI_LENGTH_MAX = 512
AGENT_LENGTH_MAX = 80
USERNAME = re.compile(r"[A-Za-z0-9._-]{1,64}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Phone:
    """A desk phone that may sign in: `ha1` maps an algorithm to the hash it may prove."""

    phone: str
    username: str
    ha1: Mapping[str, str] = field(repr=False)
    contacts_max: int = 1


@dataclass(frozen=True, slots=True)
class Binding:
    """One place a phone can be reached: the URI it gave and the way its REGISTER came."""

    uri: str
    hop: Hop
    call_id: str
    cseq: int
    expires_at: float
    user_agent: str


@dataclass(frozen=True, slots=True)
class _Wish:
    """One Contact of a REGISTER: `key` tells the device that is meant, `span` is in seconds."""

    key: str
    uri: str
    span: int


class _BadContact(ValueError):
    """A Contact no call could follow; the text becomes the phrase of a 400."""


@dataclass(slots=True)
class _Known:
    """A phone, where it is now, and what was told of it last."""

    phone: Phone
    bindings: dict[str, Binding] = field(default_factory=dict[str, Binding])
    told: tuple[Hop, str] | None = None


class Registrar:
    """All desk phones of an agent."""

    def __init__(self, endpoint: Endpoint, realm: str) -> None:
        """Knows no phone."""
        self._endpoint = endpoint
        self._gate = DigestGate(realm, endpoint.secret, endpoint.new_token)
        self._by_name: dict[str, _Known] = {}
        self._by_id: dict[str, _Known] = {}
        self._with_md5: set[str] = set()
        self._timers = Timers(endpoint.layer.schedule, self._on_timer)
        self._swept_at: float | None = None
        self._kept_open = False

    # ---- the owner's verbs -----------------------------------------------------------------------

    def set(self, phone: Phone, now: float) -> None:
        """Takes a phone; another password or name signs it out.

        Raises ValueError for a username no URI can hold, one that another phone has, and where
        there are too many phones."""
        known = self._by_id.get(phone.phone)
        if known is not None and known.phone == phone:
            return
        if not USERNAME.match(phone.username):
            raise ValueError(
                f"username {phone.username[:40]!r} may hold letters, digits and . _ - only"
            )
        twin = self._by_name.get(phone.username)
        if twin is not None and twin is not known:
            raise ValueError(f"username {phone.username!r} belongs to another phone")
        if known is None and len(self._by_id) >= PHONES_MAX:
            raise ValueError(f"there are {PHONES_MAX} phones already: remove one first")
        self.remove(phone.phone, now)
        self._by_id[phone.phone] = self._by_name[phone.username] = _Known(phone)
        if "MD5" in phone.ha1:
            self._with_md5.add(phone.phone)

    def remove(self, phone: str, now: float) -> None:
        """Forgets a phone; where it was signed in, it is not any more."""
        known = self._by_id.pop(phone, None)
        if known is not None:
            del self._by_name[known.phone.username]
            self._with_md5.discard(phone)
            known.bindings.clear()
            self._tell(known, "removed", now)

    def bindings(self, phone: str) -> tuple[Binding, ...]:
        """Returns where a phone can be rung, the latest sign-in first."""
        known = self._by_id.get(phone)
        return () if known is None else tuple(reversed(known.bindings.values()))

    def sources(self) -> frozenset[str]:
        """Returns the hosts from which phones are signed in."""
        every = (b.hop.host for known in self._by_id.values() for b in known.bindings.values())
        return frozenset(every)

    def connection_lost(self, lost: Hop, now: float) -> None:
        """Takes that a connection is gone: the phones that signed in on it cannot be rung."""
        if not lost.flow:
            return
        for known in self._by_id.values():
            gone = [key for key, one in known.bindings.items() if one.hop.flow == lost.flow]
            for key in gone:
                del known.bindings[key]
            self._tell(known, "lost", now)

    # ---- REGISTER --------------------------------------------------------------------------------

    def receive(self, transaction: ServerTransaction, now: float) -> None:
        """Answers a REGISTER."""
        request, source = transaction.request, transaction.source
        algorithms = self._algorithms()
        judgement, username = self._gate.judge(request, source, now, self._hashes_of, algorithms)
        if judgement in (Judgement.NONE, Judgement.STALE):
            stale = judgement is Judgement.STALE
            offered = self._gate.offer(request, source, now, algorithms)
            headers = self._gate.challenges(source, now, offered, stale=stale)
            self._endpoint.respond(transaction, 401, now, headers=headers)
            return
        known = self._by_name.get(username)
        own = known is not None and request.recipient.user == username
        if judgement is Judgement.WRONG or known is None or not own:
            self._endpoint.respond(transaction, 403, now)
            self._endpoint.emit(SignInRefused("", now, source, username[:64]))
            return
        try:
            wishes = _wishes(request)
        except _BadContact as error:
            self._endpoint.respond(transaction, 400, now, phrase=str(error))
            return
        self._bind(known, transaction, wishes, now)

    def _algorithms(self) -> tuple[str, ...]:
        """Returns what is offered: the same to everybody, or the offer would tell who exists."""
        return ALGORITHMS if self._with_md5 else ALGORITHMS[:1]

    def _hashes_of(self, username: str) -> Mapping[str, str] | None:
        known = self._by_name.get(username)
        return None if known is None else known.phone.ha1

    def _bind(
        self, known: _Known, transaction: ServerTransaction, wishes: list[_Wish] | None, now: float
    ) -> None:
        """Changes the bindings as asked, all or nothing (RFC 3261 §10.3 steps 6 and 7)."""
        request = transaction.request
        self._drop_expired(known, now)
        touched = known.bindings if wishes is None else {wish.key for wish in wishes}
        if any(_out_of_order(known.bindings.get(key), request) for key in touched):
            self._endpoint.respond(transaction, 500, now, phrase="Out Of Order")
            return
        if any(0 < wish.span < MIN_EXPIRES_S for wish in wishes or ()):
            headers = [("Min-Expires", str(MIN_EXPIRES_S))]
            self._endpoint.respond(transaction, 423, now, headers=headers)
            return
        if wishes is None:
            known.bindings.clear()
        for wish in wishes or ():
            known.bindings.pop(wish.key, None)
            if wish.span:
                known.bindings[wish.key] = Binding(
                    uri=wish.uri,
                    hop=transaction.source,
                    call_id=request.call_id,
                    cseq=request.cseq,
                    expires_at=now + wish.span,
                    user_agent=_printable(request.header("User-Agent")),
                )
        while len(known.bindings) > max(1, known.phone.contacts_max):
            # A phone that was started anew has another address: its old one must not lock it out.
            del known.bindings[next(iter(known.bindings))]
        contacts = [
            ("Contact", f"<{one.uri}>;expires={max(1, round(one.expires_at - now))}")
            for one in known.bindings.values()
        ]
        self._endpoint.respond(transaction, 200, now, headers=contacts)
        self._tell(known, "signed_out", now)
        if not self._kept_open:
            self._kept_open = True
            self._timers.set("keep_open", now + KEEP_OPEN_S)
        self._sweep_by(min((b.expires_at for b in known.bindings.values()), default=None))

    # ---- time --------------------------------------------------------------------------------------

    def _on_timer(self, name: str, now: float) -> None:
        if name == "keep_open":
            self._keep_open(now)
            return
        self._swept_at = None
        for known in self._by_id.values():
            if self._drop_expired(known, now):
                self._tell(known, "expired", now)
        self._sweep_by(
            min(
                (b.expires_at for known in self._by_id.values() for b in known.bindings.values()),
                default=None,
            )
        )

    def _keep_open(self, now: float) -> None:
        """Sends line ends the way each datagram phone came: address translation forgets it else."""
        ways = [b.hop for known in self._by_id.values() for b in known.bindings.values()]
        for hop in ways:
            if not hop.transport.reliable:
                self._endpoint.layer.send(KEEP_ALIVE, hop)
        self._kept_open = bool(ways)
        if ways:
            self._timers.set("keep_open", now + KEEP_OPEN_S)

    def _drop_expired(self, known: _Known, now: float) -> bool:
        gone = [key for key, one in known.bindings.items() if one.expires_at <= now]
        for key in gone:
            del known.bindings[key]
        return bool(gone)

    def _sweep_by(self, due: float | None) -> None:
        """Sees to it that what expires then is noticed; a sweep too early finds nothing."""
        if due is not None and (self._swept_at is None or due < self._swept_at):
            self._swept_at = due
            self._timers.set("sweep", due)

    def _tell(self, known: _Known, reason: str, now: float) -> None:
        """Reports a phone that came, went or moved since it was told of last."""
        latest = next(reversed(known.bindings.values()), None)
        seen = None if latest is None else (latest.hop, latest.user_agent)
        if seen == known.told:
            return
        known.told = seen
        if seen is None:
            self._endpoint.emit(PhoneUnbound("", now, known.phone.phone, reason))
        else:
            self._endpoint.emit(PhoneBound("", now, known.phone.phone, *seen))


def _out_of_order(binding: Binding | None, request: Message) -> bool:
    """Tells a REGISTER that a later one of the same device has overtaken."""
    return (
        binding is not None and binding.call_id == request.call_id and binding.cseq >= request.cseq
    )


def _wishes(request: Message) -> list[_Wish] | None:
    """Reads the Contacts of a REGISTER; None stands for `*`, all of them taken back.

    Preferences (`q`) change nothing: a phone is rung at all its places.
    """
    default = _span(request.header("Expires"), DEFAULT_EXPIRES_S)
    values = [part for part in request.values("Contact") if part]
    if "*" in values:
        if len(values) > 1 or request.header("Expires").strip() != "0":
            raise _BadContact("Contact * Needs Expires 0 And Stands Alone")
        return None
    if len(values) > CONTACTS_PER_REQUEST_MAX:
        raise _BadContact("Too Many Contacts")
    return [_wish(value, default) for value in values]


def _wish(value: str, default: int) -> _Wish:
    try:
        contact = NameAddr.parse(value)
        uri = Uri.parse(contact.uri)
    except ValueError:
        raise _BadContact("Unreadable Contact") from None
    if uri.scheme not in ("sip", "sips") or len(contact.uri) > URI_LENGTH_MAX:
        raise _BadContact("Contact Is No SIP URI")
    instance = contact.params.get("+sip.instance", "")
    key = f"{uri.scheme} {uri.user} {uri.host.lower()} {uri.port}"
    if instance:
        # The same device on another way replaces itself (RFC 5626 §6).
        key = f"{instance[:128]} {contact.params.get('reg-id', '')[:16]}"
    return _Wish(key, contact.uri, _span(contact.params.get("expires", ""), default))


def _span(text: str, default: int) -> int:
    """Reads seconds, bounded; what cannot be read counts as not said (RFC 3261 §10.2.1.1)."""
    try:
        return min(bounded_int(text, MAX_CSEQ), MAX_EXPIRES_S)
    except ValueError:
        return default


def _printable(text: str) -> str:
    return "".join(sign for sign in text[:AGENT_LENGTH_MAX] if sign.isprintable())
