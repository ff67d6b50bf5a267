"""The sums kept in tables are the fold, whatever order facts come in and however they are cut."""

from datetime import datetime, timedelta
from random import Random

import pytest
import sqlalchemy as sa
from contract_house import NOON, House
from fact_towns import town

from vyzov.core.chain import Stream
from vyzov.core.errors import InvalidRequest
from vyzov.core.kpi.book import Book, Prices, Shift
from vyzov.core.kpi.cells import Folded, Key, Placed, Reach
from vyzov.core.kpi.evaluate import figures
from vyzov.core.kpi.fold import fold
from vyzov.storage.chain import append_facts
from vyzov.storage.connections import open_engine
from vyzov.storage.database import open_session
from vyzov.storage.session import run_steps, write
from vyzov.storage.tables_kpi import kpi_sum


class Scribe:
    """Writes facts into the streams of a house, as a floor or a late spool would."""

    def __init__(self, house: House) -> None:
        self.address = house.address
        self.organisation = house.organisation
        self.places: dict[tuple[str, int], int] = {}
        self.told: list[Placed] = []

    def write(self, told: list[Placed]) -> None:
        with open_session(self.address) as session:

            def work() -> None:
                facts = [
                    (Stream(self.organisation, one.floor, one.epoch), one.fact) for one in told
                ]
                drawn = session.draw_seqs is not None
                seqs = run_steps(session.run_all, append_facts(facts, drawn=drawn))
                assert len(seqs) == len(told)

            write(session, work)
        for one in told:
            place = self.places.get((one.floor, one.epoch), 0) + 1
            self.places[one.floor, one.epoch] = place
            self.told.append(Placed(one.fact, one.floor, one.epoch, place))


def roll(house: House, limit: int = 5_000) -> None:
    while house.office.roll_up(house.organisation, limit):
        pass


def sums(house: House) -> dict[Key, int]:
    engine = open_engine(house.address, writes=False)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(kpi_sum).where(kpi_sum.c.amount != 0)).all()
    engine.dispose()
    return {(row.campaign_id, row.agent_id, row.half_hour, row.measure): row.amount for row in rows}


@pytest.mark.parametrize("seed", range(6))
def test_the_sums_are_the_fold_however_the_stream_is_cut(house: House, seed: int) -> None:
    random = Random(seed)
    scribe = Scribe(house)
    line = town(seed, contacts=8, agents=("ann", "bob", "eve"), epochs=3)
    first = [one for one in line if one.epoch == 1]
    late = first[random.randrange(len(first)) :] if random.random() < 0.7 else []
    in_time = [one for one in line if one not in late]
    while in_time:
        piece, in_time = in_time[: (cut := random.randint(1, 40))], in_time[cut:]
        scribe.write(piece)
        if random.random() < 0.6:
            roll(house, random.choice((17, 60, 5_000)))
    # The spool of an old epoch comes hours later, when the epochs after it are in the sums.
    scribe.write(late)
    roll(house, 29)
    assert sums(house) == fold(scribe.told).sums
    house.office.drop_sums(house.organisation)
    assert sums(house) == {}
    roll(house)
    assert sums(house) == fold(scribe.told).sums


def test_figures_read_from_tables_are_those_of_the_fold(house: House) -> None:
    scribe = Scribe(house)
    scribe.write(town(99, contacts=20, agents=("ann", "bob", "eve"), epochs=2))
    roll(house)
    prices = Prices(labour_per_hour=60_000, revenue={"agreed": 150_000}, per_contact=300)
    house.office.add_prices(house.organisation, prices, NOON, house.administrator)
    book = house.office.price_book(house.organisation, NOON + timedelta(days=2))
    since, until = half_hours(NOON), half_hours(NOON + timedelta(days=1))
    for reach in (Reach(), Reach("autumn"), Reach(agent="ann"), Reach("winter", "bob")):
        told = figures(house.office.kpi_sums(house.organisation, reach), reach, book, since, until)
        folded = figures(Folded(fold(scribe.told), reach), reach, book, since, until)
        assert told == folded


def half_hours(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def test_two_who_roll_at_once_count_everything_once(house: House) -> None:
    scribe = Scribe(house)
    scribe.write(town(5, contacts=6, agents=("ann",), epochs=1))
    office = house.office
    writing = office._writing  # type: ignore[attr-defined]

    def interrupted() -> object:
        office._writing = writing  # type: ignore[attr-defined]
        assert office.roll_up(house.organisation)  # The other one is quicker.
        return writing()

    office._writing = interrupted  # type: ignore[attr-defined]
    assert office.roll_up(house.organisation)
    assert sums(house) == fold(scribe.told).sums


def test_a_state_that_lasts_is_known_by_its_last_fact(house: House) -> None:
    house_agent = house.office.users(house.organisation)[0].id
    scribe = Scribe(house)
    line = [
        Placed(one.fact, one.floor, one.epoch)
        for one in town(3, contacts=0, agents=(house_agent,), epochs=1)
    ]
    scribe.write(line)
    assert house.office.last_states(house.organisation) == ()
    roll(house)
    (last,) = house.office.last_states(house.organisation)
    assert last.fact == line[-1].fact


# ---- prices and shifts ---------------------------------------------------------------------------


def test_prices_hold_from_their_half_hour_on_and_none_is_put_before_them(house: House) -> None:
    office, clock = house.office, house.clock
    first = office.add_prices(house.organisation, Prices(per_contact=1), None, "boss")
    clock.go_on(hours=1, minutes=17)
    second = office.add_prices(house.organisation, Prices(per_contact=2), None, "boss")
    assert (first.version, first.valid_from) == (1, NOON)
    assert (second.version, second.valid_from) == (2, NOON + timedelta(hours=1))
    assert office.price_records(house.organisation) == (second, first)
    with pytest.raises(InvalidRequest):
        office.add_prices(house.organisation, Prices(), NOON, "boss")
    book = office.price_book(house.organisation, NOON + timedelta(days=1))
    assert [one.prices.per_contact for one in book.versions] == [1, 2]


def test_an_agent_has_one_shift_at_a_time_and_a_cancelled_one_leaves_room(house: House) -> None:
    office, agent = house.office, house.administrator
    shift = Shift(agent, NOON, NOON + timedelta(hours=8), 900, 3_600)
    (made,) = office.add_shifts(house.organisation, [shift])
    with pytest.raises(InvalidRequest):
        office.add_shifts(
            house.organisation,
            [Shift(agent, NOON + timedelta(hours=7), NOON + timedelta(hours=9))],
        )
    until = NOON + timedelta(days=1)
    assert office.shift_records(house.organisation, NOON, until) == (made,)
    assert office.price_book(house.organisation, until) == Book((), (shift,))
    assert office.cancel_shift(house.organisation, made.id)
    assert not office.cancel_shift(house.organisation, made.id)
    assert office.shift_records(house.organisation, NOON, until) == ()
    assert office.add_shifts(house.organisation, [shift])
