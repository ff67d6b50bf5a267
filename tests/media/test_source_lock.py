"""Whose packets are taken: the agreed address, one learned within the window, and nobody else."""

from hypothesis import given
from hypothesis import strategies as st

from vyzov.media.source_lock import PROBATION_PACKETS, PROBATION_S, WINDOW_S, Address, SourceLock

AGREED: Address = ("192.0.2.1", 4000)
OTHER: Address = ("192.0.2.1", 5000)
SIGNALLING: Address = ("192.0.2.9", 6000)
FOREIGN: Address = ("198.51.100.7", 4000)


def agreed(*hosts: str, patient: bool = True) -> SourceLock:
    lock = SourceLock()
    lock.agree(AGREED, frozenset(hosts), 0.0, patient=patient)
    return lock


def keeps_on(lock: SourceLock, source: Address, start: float, packets: int, ssrc: int = 7) -> int:
    """Returns how many of so many packets, 20 ms apart, were taken."""
    return sum(lock.admits(source, ssrc, start + 0.02 * number) for number in range(packets))


def test_nothing_is_taken_and_nothing_leaves_before_an_agreement() -> None:
    lock = SourceLock()
    assert lock.target is None
    assert not lock.may_come(AGREED, 0.0)
    assert not lock.admits(AGREED, 7, 0.0)


def test_the_agreed_address_is_taken_with_its_first_packet() -> None:
    lock = agreed()
    assert lock.admits(AGREED, 7, 100.0)
    assert lock.admits(AGREED, 7, 100.02)
    assert (lock.source, lock.target) == (AGREED, AGREED)


def test_another_port_is_learned_only_after_probation() -> None:
    lock = agreed()
    assert keeps_on(lock, OTHER, 0.1, 12) == 0
    assert lock.target == AGREED
    assert keeps_on(lock, OTHER, 0.36, 5) == 5
    assert (lock.source, lock.target) == (OTHER, OTHER)


def test_a_signalling_host_may_be_learned_and_a_third_one_may_not() -> None:
    lock = agreed(SIGNALLING[0])
    assert keeps_on(lock, FOREIGN, 0.1, 40) == 0
    assert keeps_on(lock, SIGNALLING, 1.0, 20) > 0
    assert lock.source == SIGNALLING


def test_nobody_is_learned_after_the_window() -> None:
    lock = agreed()
    assert keeps_on(lock, OTHER, WINDOW_S, 40) == 0
    assert not lock.may_come(OTHER, WINDOW_S)
    assert lock.may_come(AGREED, WINDOW_S)


def test_the_same_address_told_again_opens_the_window_while_nothing_was_heard() -> None:
    lock = agreed()
    lock.agree(AGREED, frozenset(), 20.0)
    assert keeps_on(lock, OTHER, 20.1, 20) > 0
    lock.agree(AGREED, frozenset(), 30.0)
    assert lock.source == OTHER
    lock.agree(FOREIGN, frozenset(), 40.0)
    assert (lock.source, lock.target) == (None, FOREIGN)
    assert not lock.admits(OTHER, 7, 40.1)


def test_an_address_that_cannot_be_the_real_one_is_not_waited_for() -> None:
    lock = agreed(SIGNALLING[0], patient=False)
    assert keeps_on(lock, SIGNALLING, 0.1, PROBATION_PACKETS) == 1


def test_one_whose_packets_opened_under_the_keys_needs_no_probation() -> None:
    lock = agreed()
    assert not lock.admits(FOREIGN, 7, 0.1, proven=True)
    assert lock.admits(OTHER, 7, 0.1, proven=True)


def test_two_strangers_at_once_keep_each_other_out() -> None:
    lock = agreed()
    for number in range(10):
        assert not lock.admits(OTHER, 7, 0.1 + 0.02 * number)
        assert not lock.admits(("192.0.2.1", 5002), 8, 0.11 + 0.02 * number)
    assert lock.source is None


def test_a_stranger_that_gave_up_makes_way_for_the_next() -> None:
    lock = agreed()
    lock.admits(OTHER, 7, 0.1)
    assert keeps_on(lock, OTHER, 0.1 + PROBATION_S, 20, ssrc=9) > 0


def test_the_agreed_address_wins_over_one_that_was_learned() -> None:
    lock = agreed()
    keeps_on(lock, OTHER, 0.1, 20)
    assert lock.source == OTHER
    assert lock.admits(AGREED, 7, 10.0)
    assert lock.target == AGREED
    assert not lock.admits(OTHER, 7, 10.02)


@given(
    st.lists(
        st.tuples(st.sampled_from([OTHER, SIGNALLING, FOREIGN]), st.floats(0, 0.1), st.booleans()),
        max_size=60,
    )
)
def test_whoever_sprays_the_far_side_is_heard_and_nobody_else(
    sprayed: "list[tuple[Address, float, bool]]",
) -> None:
    lock = agreed(SIGNALLING[0])
    now = 0.0
    assert lock.admits(AGREED, 7, now)
    for source, wait, speaks in sprayed:
        now += wait
        assert not lock.admits(source, 1, now)
        if speaks:
            assert lock.admits(AGREED, 7, now)
        assert lock.target == AGREED
