"""The transaction machines by themselves, where no call can show a rule."""

from sip_net import PEER, incoming

from vyzov.sip.events import Hop
from vyzov.sip.message import parse
from vyzov.sip.schedule import Schedule
from vyzov.sip.transaction import ClientTransaction, Request, ServerTransaction, State


def received(method: str) -> tuple[ServerTransaction, list[bytes], Schedule, list[str]]:
    sent: list[bytes] = []
    ends: list[str] = []
    schedule = Schedule()

    def send(data: bytes, target: Hop) -> None:
        assert target == PEER
        sent.append(data)

    request = parse(incoming(method))
    transaction = ServerTransaction(request, PEER, send, schedule, lambda: ends.append("end"))
    return transaction, sent, schedule, ends


def test_the_first_final_response_is_the_only_one() -> None:
    for method in ("INVITE", "OPTIONS"):
        transaction, sent, _, _ = received(method)
        transaction.respond(180, b"180", 0.0)
        transaction.respond(486, b"486", 0.0)
        transaction.respond(200, b"200", 0.0)
        transaction.respond(180, b"180", 0.0)
        assert sent == [b"180", b"486"]


def test_a_repetition_before_any_response_is_absorbed() -> None:
    transaction, sent, _, _ = received("OPTIONS")
    transaction.receive_again()
    assert sent == []
    assert transaction.state is State.CALLING


def test_an_ack_before_any_response_changes_nothing() -> None:
    transaction, _, _, _ = received("INVITE")
    transaction.acknowledged(0.0)
    assert transaction.state is State.CALLING


def test_each_machine_ends_once_and_in_its_time() -> None:
    expected = {("INVITE", 200): 32.0, ("INVITE", 486): 32.0, ("OPTIONS", 200): 32.0}
    for (method, code), end in expected.items():
        transaction, _, schedule, ends = received(method)
        transaction.respond(code, b"x", 0.0)
        now = 0.0
        while (due := schedule.next_deadline()) is not None:
            now = due
            schedule.fire(due)
        assert (now, ends, transaction.state) == (end, ["end"], State.TERMINATED)


def test_a_confirmed_rejection_absorbs_acks_for_five_seconds() -> None:
    transaction, sent, schedule, ends = received("INVITE")
    transaction.respond(486, b"486", 0.0)
    transaction.acknowledged(1.0)
    transaction.acknowledged(2.0)
    assert schedule.next_deadline() == 6.0
    schedule.fire(6.0)
    assert (sent, ends) == ([b"486"], ["end"])


def fired_late(schedule: Schedule, late: float) -> list[float]:
    """Fires every timer `late` seconds after it was due and tells when each fired."""
    fired: list[float] = []
    while (due := schedule.next_deadline()) is not None:
        fired.append(due + late)
        schedule.fire(due + late)
    return fired


def sent_invite(times: list[float], schedule: Schedule, now: list[float]) -> ClientTransaction:
    request = Request("INVITE", "sip:a@192.0.2.9", "z9hG4bKx", ())

    def send(_data: bytes, _target: Hop) -> None:
        times.append(now[0])

    return ClientTransaction(
        request,
        PEER,
        lambda _request, _hop: b"",
        send,
        schedule,
        lambda _response, _now: None,
        lambda: None,
        data=b"INVITE",
    )


def test_all_seven_invites_leave_also_where_each_timer_fires_late() -> None:
    for late in (0.0, 0.09, 0.4):
        schedule = Schedule()
        times: list[float] = []
        now = [0.0]
        transaction = sent_invite(times, schedule, now)
        transaction.start(0.0)
        while (due := schedule.next_deadline()) is not None:
            now[0] = due + late
            schedule.fire(now[0])
        ideal = (0.5, 1.5, 3.5, 7.5, 15.5, 31.5)
        assert times == [0.0, *(at + late for at in ideal)], late
        assert now[0] == 32.0 + late


def test_a_process_that_slept_sends_no_two_invites_at_once() -> None:
    schedule = Schedule()
    times: list[float] = []
    now = [0.0]
    sent_invite(times, schedule, now).start(0.0)
    now[0] = 7.0
    schedule.fire(7.0)
    assert times == [0.0, 7.0]
    assert schedule.next_deadline() == 7.5


def test_an_answer_nobody_acknowledges_is_repeated_eleven_times_also_when_late() -> None:
    for late in (0.0, 0.2):
        transaction, sent, schedule, _ = received("INVITE")
        transaction.respond(200, b"200", 0.0)
        fired = fired_late(schedule, late)
        assert sent == [b"200"] * 11
        assert fired[-1] == 32.0 + late
