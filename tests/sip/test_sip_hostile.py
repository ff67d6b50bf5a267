"""A carrier that answers whatever it likes, in any order: what the caller says of it stays true.

The first tests are single packets found by the last one, which plays such carriers by seed.
"""

import random

import pytest
from sip_net import (
    ANSWER,
    CALLER,
    NUMBER,
    OFFER,
    PEER,
    Call,
    Callee,
    Sent,
    agent,
    in_dialog,
    place,
    reply,
    sent,
    talk,
)
from sipmessage import Request

from vyzov.sip import sdp
from vyzov.sip.auth import MAX_CHALLENGES
from vyzov.sip.events import CallAnswered, CallEnded, CallRejected, LegEvent, Transport
from vyzov.sip.schedule import HEAP_LEAST
from vyzov.sip.session import CHANGE_LIMIT_S
from vyzov.sip.transaction import GIVE_UP
from vyzov.sip.user_agent import Account, Hop

ACCOUNT = Account("vyzov", "secret", allow_md5=True)
HELD = sdp.with_direction(ANSWER, sdp.Direction.SENDONLY)
CHALLENGE = 'WWW-Authenticate: Digest realm="box", nonce="n1", algorithm=SHA-256, qop="auth"'


# ---- an answer to an INVITE that was refused before ----------------------------------------------


def challenged() -> tuple[Call, Sent]:
    """A call whose first INVITE was challenged; returns its second INVITE."""
    call = place(ACCOUNT)
    _, second = call.answers(401, headers=[CHALLENGE])
    return call, second


def test_an_answer_to_a_challenged_invite_gives_the_second_one_up() -> None:
    call, second = challenged()
    call.hears(reply(second, 180, tag="other"))
    assert call.named() == ["RealmProved", "CallProgress"]
    # Another fork of the first INVITE is picked up after all.
    assert [one.line for one in call.answers(200, body=ANSWER)] == ["ACK", "CANCEL"]
    assert call.named() == ["CallAnswered"]
    assert [one.line for one in call.hears(reply(second, 487, tag="other"))] == ["ACK"]
    call.waits(1000.0)
    assert call.named() == []
    assert call.user_agent.dialog_state("leg-1") is not None


def test_a_second_invite_that_says_nothing_yet_is_cancelled_when_it_rings() -> None:
    call, second = challenged()
    assert [one.line for one in call.answers(200, body=ANSWER)] == ["ACK"]
    assert [one.line for one in call.hears(reply(second, 180, tag="other"))] == ["CANCEL"]
    # The first INVITE bore no proof, so that its answer proves no realm.
    assert call.named() == ["CallAnswered"]


def test_a_second_invite_answered_too_is_released_and_the_call_goes_on() -> None:
    call, second = challenged()
    call.answers(200, body=ANSWER)
    assert [one.line for one in call.hears(reply(second, 200, tag="other"))] == ["ACK", "BYE"]
    # The first answer once more, long after its transaction: our ACK was lost, nothing is hung up.
    call.waits(2 * GIVE_UP)
    assert [one.line for one in call.answers(200, body=ANSWER)] == ["ACK"]
    assert call.named() == ["CallAnswered", "MessageIgnored"]
    assert [one.line for one in call.asks("BYE", 7)] == ["200"]
    assert call.named() == ["CallEnded"]


def test_silence_to_a_second_invite_does_not_reject_an_answered_call() -> None:
    call, _ = challenged()
    call.answers(200, body=ANSWER)
    assert [line for _, line in call.waits(1000.0)] == []
    assert call.named() == ["CallAnswered"]


# ---- early dialogs that are over, and answered all the same --------------------------------------


def test_a_call_answered_in_an_early_dialog_said_to_be_over_can_still_change() -> None:
    call = place()
    call.answers(183, tag="a", body=ANSWER)
    call.answers(199, tag="a")
    call.answers(200, tag="a", body=ANSWER)
    call.user_agent.hold("leg-1", call.now)
    (offered,) = sent(call.user_agent)
    assert b"a=sendonly" in offered.body


# ---- changes nobody ever concludes ---------------------------------------------------------------


def test_a_change_left_open_by_a_hang_up_is_not_waited_for_for_ever() -> None:
    call = talk()
    call.user_agent.hold("leg-1", call.now)
    (offered,) = sent(call.user_agent)
    call.hears(reply(offered, 100, tag=""))
    assert [one.line for one in call.asks("BYE", 7)] == ["200"]
    call.waits(1000.0)
    assert call.user_agent._layer._clients == {}


def test_a_far_side_that_keeps_saying_it_thinks_about_a_change_gains_no_time() -> None:
    call = talk()
    call.user_agent.hold("leg-1", call.now)
    (offered,) = sent(call.user_agent)
    lines: list[str] = []
    for second in range(0, int(CHANGE_LIMIT_S), 20):
        lines += [one.line for _, one in call.waits(float(second))]
        call.hears(reply(offered, 182))
    lines += [one.line for _, one in call.waits(CHANGE_LIMIT_S + 1.0)]
    assert lines == ["CANCEL", "CANCEL"], "sent, and once more as nobody answers it"


def test_a_refresh_that_fell_into_a_refused_change_is_made_up_for() -> None:
    granted = "Session-Expires: 90;refresher=uac"
    call = place(session_expires_s=90)
    call.answers(200, body=ANSWER, headers=[granted, "Allow: INVITE, ACK, BYE, UPDATE"])
    call.waits(44.0)
    call.user_agent.hold("leg-1", call.now)
    (offered,) = sent(call.user_agent)
    call.hears(reply(offered, 100, tag=""))
    assert call.waits(46.0) == []
    call.hears(reply(offered, 488))
    ((_, refresh),) = call.waits(54.0)
    assert refresh.line == "UPDATE"
    call.hears(reply(refresh, 200, headers=[granted]))
    call.waits(98.0)
    assert call.named() == ["CallAnswered", "OfferRefused"]


def test_a_far_side_whose_session_cannot_be_read_can_be_held() -> None:
    call = place()
    call.answers(200, body=b"not a session")
    call.events()
    call.user_agent.hold("leg-1", call.now)
    (offered,) = sent(call.user_agent)
    assert b"a=sendonly" in offered.body


def test_a_call_answered_without_a_session_of_ours_cannot_be_held() -> None:
    callee = Callee()
    leg = callee.rings()
    callee.responds(leg, 200)
    assert not callee.user_agent.hold(leg, callee.now)
    assert not callee.user_agent.unhold(leg, callee.now)
    assert not callee.user_agent.hold("unknown", callee.now)


def test_of_a_thousand_calls_no_timer_and_no_table_entry_is_left() -> None:
    call = place()
    schedule = call.user_agent._layer.schedule
    for number in range(1000):
        leg = f"leg-{number + 2}"
        call.user_agent.invite(
            leg, target=PEER, to=NUMBER, caller_id=CALLER, sdp=OFFER, account=ACCOUNT, now=call.now
        )
        (call.invite,) = sent(call.user_agent)
        call.answers(180)
        call.answers(486) if number % 2 else call.answers(200, body=ANSWER)
        call.user_agent.bye(leg, call.now)
        for bye in sent(call.user_agent):
            call.hears(reply(bye, 200))
        call.user_agent.forget(leg)
        # Deadlines that moved leave entries behind: never more than there are living ones.
        assert len(schedule._heap) <= max(HEAP_LEAST, 2 * len(schedule._due))
        call.waits(call.now + 0.25)
    call.waits(call.now + 400.0)
    assert (schedule._heap, schedule._due) == ([], {})
    layer = call.user_agent._layer
    assert (layer._clients, call.user_agent._dialogs, call.user_agent._ghosts) == ({}, {}, {})
    assert set(call.user_agent._legs) <= {"leg-1"}


def test_a_far_side_with_a_new_realm_each_time_does_not_make_requests_grow() -> None:
    call = place(ACCOUNT)
    call.answers(200, body=ANSWER)
    proofs = 0
    for number in range(30):
        call.user_agent.reoffer("leg-1", OFFER.replace(b"4000", b"%d" % (4002 + number)), call.now)
        (offered,) = sent(call.user_agent)
        for realm in "ab":
            text = CHALLENGE.replace("box", f"{realm}{number}").replace("n1", f"n{realm}{number}")
            _, offered = call.hears(reply(offered, 401, headers=[text]))
        proofs = len(offered.all("Authorization"))
        call.hears(reply(offered, 200, body=ANSWER))
    assert proofs == MAX_CHALLENGES


# ---- addresses that lead further inside ----------------------------------------------------------


@pytest.mark.parametrize(
    ("home", "contact", "followed"),
    [
        ("8.8.8.8", "9.9.9.9:5099", True),
        ("8.8.8.8", "127.0.0.1:6379;transport=tcp", False),
        ("8.8.8.8", "169.254.169.254:80;transport=tcp", False),
        ("8.8.8.8", "10.0.0.9", False),
        ("8.8.8.8", "100.64.0.1", False),
        ("8.8.8.8", "[2606:4700::1111]", False),
        ("10.0.0.1", "10.0.0.9", True),
        ("10.0.0.1", "8.8.8.8", True),
        ("10.0.0.1", "127.0.0.1", False),
        ("10.0.0.1", "169.254.0.1", False),
        ("127.0.0.1", "10.0.0.9", True),
        ("127.0.0.1", "[::1]", False),
        ("sbc.example", "9.9.9.9", True),
        ("sbc.example", "127.0.0.1", False),
        ("sbc.example", "sbc.example:5099", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("routed", [False, True])
def test_nobody_has_us_speak_to_what_lies_further_inside_than_they_do(
    home: str, contact: str, *, followed: bool, routed: bool
) -> None:
    hop = Hop(home, 5070)
    caller = agent()
    caller.invite(
        "leg", target=hop, to=NUMBER, caller_id=CALLER, sdp=OFFER, account=Account(), now=0.0
    )
    (invite,) = sent(caller)
    route = [f"Record-Route: <sip:{contact};lr>"] if routed else []
    caller.receive(
        reply(invite, 200, contact=f"sip:them@{contact}", headers=route, body=ANSWER), hop, 0.0
    )
    (ack,) = sent(caller)
    assert ack.uri == f"sip:them@{contact}"
    assert (ack.target != hop) is followed


# ---- by seed -------------------------------------------------------------------------------------


class Carrier:
    """Plays one call against a carrier that says valid things at random."""

    def __init__(self, seed: int, transport: Transport) -> None:
        self.dice = random.Random(seed)
        self.hop = PEER if transport is Transport.UDP else Hop(*PEER.address, transport)
        self.agent = agent()
        self.now = 0.0
        self.invites: list[Sent] = []
        self.others: list[Sent] = []
        self.heard: list[LegEvent] = []
        self._said = b""
        self._count = 100
        self.agent.invite(
            "leg", target=self.hop, to=NUMBER, caller_id=CALLER, sdp=OFFER, account=ACCOUNT, now=0.0,
            late_offer=self.dice.random() < 0.3, redirects="same_host",
            session_expires_s=self.dice.choice([0, 90, 1800]),
        )  # fmt: skip
        self._drain()

    def _drain(self) -> None:
        for one in sent(self.agent):
            if not isinstance(one.message, Request) or one.line == "ACK":
                continue
            to_call = one.line == "INVITE" and "tag=" not in one["To"]
            (self.invites if to_call else self.others).append(one)
        self.heard += self.agent.events()

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while (due := self.agent.next_deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            self.agent.handle_deadline(self.now)
            self._drain()
        self.now = until

    def say(self, data: bytes) -> None:
        self._said = data
        self.agent.receive(data, self.hop, self.now)
        self._drain()

    def step(self) -> None:
        """Does one thing at random."""
        acts = [self._answer, self._answer, self._answer, self._ask, self._repeat, self._pause]
        self.dice.choice([*acts, self._challenge, self._reply, self._reply, self._wish])()

    def _headers(self) -> list[str]:
        every = [
            f"Session-Expires: {self.dice.choice([4, 90])};refresher={self.dice.choice(['uac', 'uas'])}",
            "Allow: INVITE, ACK, BYE, UPDATE, PRACK",
            f"Record-Route: <sip:127.0.0.1:5071{self.dice.choice(['', ';lr'])}>, <sip:10.0.0.1:99>",
            f"Min-SE: {self.dice.choice([90, 200, 3000])}",
            f"Contact: <sip:{NUMBER}@127.0.0.1:{self.dice.choice([5071, 5072])}>",
        ]
        return [header for header in every if self.dice.random() < 0.3]

    def _answer(self) -> None:
        invite = self.dice.choice(self.invites) if self.dice.random() < 0.3 else self.invites[-1]
        code = self.dice.choice([100, 180, 183, 199, 200, 200, 302, 408, 422, 481, 486, 487, 503])
        if code >= 300 and self.dice.random() < 0.7:
            return
        headers = self._headers()
        if 100 < code < 200 and self.dice.random() < 0.5:
            headers += ["Require: 100rel", f"RSeq: {self.dice.randint(1, 4)}"]
        body = self.dice.choice([b"", ANSWER, HELD, b"garbage"])
        self.say(reply(invite, code, tag=self.dice.choice("abc"), headers=headers, body=body))

    def _challenge(self) -> None:
        self._count += 1
        stale = self.dice.choice(["", ", stale=true"])
        realm, algorithm = self.dice.choice("xyz"), self.dice.choice(["MD5", "SHA-256"])
        text = f'Digest realm="{realm}", nonce="n{self._count}", algorithm={algorithm}{stale}'
        asked = self.dice.choice(self.invites + self.others)
        self.say(reply(asked, 401, headers=[f"WWW-Authenticate: {text}"]))

    def _reply(self) -> None:
        if self.others:
            asked = self.dice.choice(self.others[-4:])
            code = self.dice.choice([100, 200, 200, 408, 422, 481, 487, 488, 491, 500, 503])
            body = self.dice.choice([b"", ANSWER, HELD]) if asked.line != "BYE" else b""
            self.say(reply(asked, code, headers=self._headers(), body=body))

    def _ask(self) -> None:
        self._count += self.dice.choice([0, 1])
        methods = ["INFO", "UPDATE", "INVITE", "PRACK", "ACK", "REFER", "OPTIONS", "NOTIFY", "BYE"]
        method = self.dice.choice(methods)
        if method != "BYE" or self.dice.random() < 0.4:
            tag, body = self.dice.choice("abc"), self.dice.choice([b"", ANSWER, HELD, b"garbage"])
            data = in_dialog(
                method, self.invites[-1], self._count, tag=tag, headers=self._headers(), body=body
            )
            self.say(data)

    def _repeat(self) -> None:
        if self._said:
            self.say(self._said)

    def _pause(self) -> None:
        self.wait(self.dice.choice([0.1, 0.6, 3.0, 10.0, 40.0, 100.0]))

    def _wish(self) -> None:
        verb = self.dice.choice(["hold", "unhold", "cancel", "bye", "lost"])
        if verb in ("hold", "unhold"):
            getattr(self.agent, verb)("leg", self.now)
        elif self.dice.random() < 0.3:
            if verb == "lost":
                stood = self.dice.random() < 0.7
                self.agent.connection_lost(self.hop, self.now, "gone", stood=stood)
            else:
                getattr(self.agent, verb)("leg", self.now)
        self._drain()


@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TCP])
@pytest.mark.parametrize("decade", range(12))
def test_a_carrier_that_says_anything_gets_one_answer_one_end_and_nothing_left(
    decade: int, transport: Transport
) -> None:
    for seed in range(10 * decade, 10 * decade + 10):
        carrier = Carrier(seed, transport)
        for _ in range(40):
            carrier.step()
        carrier.wait(1000.0)
        carrier.agent.cancel("leg", carrier.now)
        carrier.wait(1000.0)
        kinds = (CallAnswered, CallRejected, CallEnded)
        told = [type(event) for event in carrier.heard if isinstance(event, kinds)]
        assert told in ([CallRejected], [CallAnswered, CallEnded]), (seed, told)
        assert_nothing_is_left(carrier)


def assert_nothing_is_left(carrier: Carrier) -> None:
    agent, layer = carrier.agent, carrier.agent._layer
    assert agent.next_deadline() is None
    assert (layer._clients, layer._servers, layer._streams) == ({}, {}, {})
    agent.forget("leg")
    tables = (agent._legs, agent._early, agent._dialogs, agent._ghosts)
    assert tables == ({}, {}, {}, {})
