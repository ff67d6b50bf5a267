"""A carrier's registrar by hand, and the agent that signs in there."""

from sip_net import PEER, Sent, agent, reply

from vyzov.sip.auth import Account
from vyzov.sip.events import Hop, RegistrationChanged, Transport
from vyzov.sip.registration import SignIn
from vyzov.sip.user_agent import UserAgent

AOR = "77001@carrier.example"
OVER_TCP = Hop("127.0.0.1", 5070, Transport.TCP)
ACCOUNT = Account("77001", "secret")


def challenge(nonce: str = "n1", *, stale: bool = False) -> str:
    tail = ", stale=true" if stale else ""
    return (
        f'WWW-Authenticate: Digest realm="carrier", nonce="{nonce}", algorithm=SHA-256, '
        f'qop="auth"{tail}'
    )


class Carrier:
    """A registrar by hand, and the agent that signs in there."""

    def __init__(
        self, target: Hop = PEER, expires_s: int = 300, dice: float = 0.0, **options: object
    ) -> None:
        self.agent: UserAgent = agent(**options)
        self.target = target
        self.now = 0.0
        plan = SignIn("trunk-1", target, AOR, ACCOUNT, expires_s)
        self.agent.registrations.dice = lambda: dice
        self.agent.registrations.start(plan, self.now)
        self.asked = self.register()

    def register(self) -> Sent:
        """Returns the one REGISTER that was sent."""
        (one,) = [one for one in self.out() if one.line == "REGISTER"]
        return one

    def out(self) -> list[Sent]:
        self.pings = 0
        found: list[Sent] = []
        for data, target in self.agent.messages_to_send():
            if data == b"\r\n\r\n":
                self.pings += 1
            else:
                found.append(Sent(data, target))
        return found

    def says(self, code: int, phrase: str = "Whatever", *headers: str) -> list[Sent]:
        """Answers the REGISTER asked last; returns what the agent sends to that."""
        data = reply(self.asked, code, phrase, contact="", headers=headers)
        self.agent.receive(data, self.target, self.now)
        found = self.out()
        if found:
            self.asked = found[-1]
        return found

    def grants(self, seconds: int = 300) -> RegistrationChanged:
        uri = self.asked["Contact"].split(">")[0][1:]
        assert self.says(200, "OK", f"Contact: <{uri}>;expires={seconds}") == []
        return self.told()

    def told(self) -> RegistrationChanged:
        """Returns the one change that was told."""
        (event,) = self.agent.events()
        assert isinstance(event, RegistrationChanged)
        return event

    def waits(self, until: float) -> list[Sent]:
        """Lets time pass; returns what was sent, keep-alives counted in `pings`."""
        found: list[Sent] = []
        pings = 0
        while (due := self.agent.next_deadline()) is not None and due <= until:
            self.agent.handle_deadline(due)
            found += self.out()
            pings += self.pings
        self.now, self.pings = until, pings
        if found:
            self.asked = found[-1]
        return found
