"""What the floor says of the engine's protection, and how it lifts a ban."""

from conftest import Centre

from vyzov.dialer.ports import GuardedSource, Protection

TOLD = Protection(
    at=5.0, taken=900, too_many=70, banned=30, bans=1, connections=2,
    sources=(GuardedSource("198.51.100.7", False, 40, 100, 10, 512.5),),
)  # fmt: skip


def open_floor(centre: Centre) -> None:
    ann = centre.operator()
    centre.open(centre.campaign(1, agents=(ann,)))


def hear(centre: Centre, said: Protection) -> None:
    process = centre.world.process
    assert process is not None
    process.post(said)
    centre.world.run(0.1)


def test_before_anything_was_turned_away_there_is_nothing_to_show(centre: Centre) -> None:
    open_floor(centre)
    reply = centre.world.ask("office.protection", "boss")
    assert reply.ok
    assert reply.body == {"engine_up": True, "sources": []}


def test_the_engines_last_word_is_shown(centre: Centre) -> None:
    open_floor(centre)
    hear(centre, Protection(at=1.0))
    hear(centre, TOLD)
    body = centre.world.ask("office.protection", "boss").body
    assert (body["taken"], body["too_many"], body["banned"], body["bans"]) == (900, 70, 30, 1)
    assert body["connections_refused"] == 2
    assert body["sources"] == [
        {"source": "198.51.100.7", "known": False, "taken": 40, "dropped": 100, "failures": 10,
         "banned_for_s": 512.5},
    ]  # fmt: skip


def test_a_lost_engine_leaves_no_old_word_behind(centre: Centre) -> None:
    open_floor(centre)
    hear(centre, TOLD)
    centre.break_link(5.0)
    centre.world.run(1.0)
    reply = centre.world.ask("office.protection", "boss")
    assert reply.body == {"engine_up": False, "sources": []}
    refused = centre.world.ask("office.unban", "boss", source="198.51.100.7")
    assert not refused.ok
    assert refused.body["code"] == "engine_away"
    centre.world.run(10.0)


def test_a_ban_is_lifted_by_name(centre: Centre) -> None:
    open_floor(centre)
    for source in ("", "x" * 65):
        refused = centre.world.ask("office.unban", "boss", source=source)
        assert refused.body["code"] == "invalid_request"
    assert centre.world.ask("office.unban", "boss", source="2001:db8::/64").ok
    centre.world.run(1.0)
    assert centre.world.engine.unbanned == ["2001:db8::/64"]
