"""The façade: datagrams and verbs in, datagrams and events out (being filled in)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vyzov.sip.dialog import DialogState
from vyzov.sip.events import Address, SipEvent


@dataclass(frozen=True, slots=True)
class Account:
    """What a trunk knows us by; with `realm`, challenges of any other realm are refused."""

    username: str = ""
    password: str = ""
    realm: str = ""


Headers = Sequence[tuple[str, str]]


class UserAgent:
    """A SIP user agent, caller and callee, over datagrams."""

    def __init__(
        self,
        *,
        local: Address,
        secret: bytes,
        new_token: Callable[[], str],
        user_agent: str = "Vyzov",
        advertised: Address | None = None,
        accept_calls: bool = False,
    ) -> None:
        raise NotImplementedError

    def receive_datagram(self, data: bytes, source: Address, now: float) -> None:
        """Takes what arrived; never raises for anything a peer may send."""
        raise NotImplementedError

    def datagrams_to_send(self) -> list[tuple[bytes, Address]]:
        """Drains what must leave, in order."""
        raise NotImplementedError

    def next_deadline(self) -> float | None:
        """Says when `handle_deadline` must be called, in monotonic seconds."""
        raise NotImplementedError

    def handle_deadline(self, now: float) -> None:
        """Fires every timer due at `now`."""
        raise NotImplementedError

    def events(self) -> list[SipEvent]:
        """Drains what happened, in order."""
        raise NotImplementedError

    def invite(
        self,
        leg: str,
        *,
        target: Address,
        to: str,
        caller_id: str,
        sdp: bytes,
        account: Account,
        now: float,
        caller_name: str = "",
        headers: Headers = (),
    ) -> str:
        """Places a call and returns its Call-ID."""
        raise NotImplementedError

    def cancel(self, leg: str, now: float) -> None:
        """Gives up a call that is not answered; waits for a 1xx before CANCEL."""
        raise NotImplementedError

    def bye(self, leg: str, now: float, reason: str = "") -> None:
        """Ends an answered call."""
        raise NotImplementedError

    def reap(
        self,
        leg: str,
        *,
        target: Address,
        to: str,
        caller_id: str,
        dialog: DialogState | None,
        now: float,
    ) -> None:
        """Ends what an earlier run of this agent left behind."""
        raise NotImplementedError

    def dialog_state(self, leg: str) -> DialogState | None:
        """Returns what `reap` needs to end this answered call, None before the answer."""
        raise NotImplementedError

    def options(self, target: Address, now: float) -> str:
        """Asks a peer whether it lives; the answer is `OptionsAnswered` with this token."""
        raise NotImplementedError

    def respond(
        self,
        leg: str,
        code: int,
        phrase: str = "",
        *,
        sdp: bytes | None = None,
        headers: Headers = (),
        now: float,
    ) -> None:
        """Answers an incoming call."""
        raise NotImplementedError

    def challenge(
        self, leg: str, *, code: int, realm: str, algorithm: str = "MD5", now: float
    ) -> None:
        """Rejects an incoming call with a digest challenge (401 or 407)."""
        raise NotImplementedError

    def check_credentials(self, leg: str, *, username: str, password: str) -> bool:
        """Tells whether the INVITE of `leg` answers a challenge of ours with this password."""
        raise NotImplementedError

    def forget(self, leg: str) -> None:
        """Drops what is kept of an ended leg."""
        raise NotImplementedError
