"""A call whose log tells of two operators: the last one has it, and the first is free."""

from conftest import QUICK, Build, plan

from vyzov.dialer import ports


def test_of_two_operators_joined_one_after_the_other_the_next_life_keeps_the_last(
    build: Build,
) -> None:
    """The word of the first join is late, the first is lost, and a second one is found."""
    centre = build(faults=QUICK)
    centre.everybody(plan())
    people = (centre.operator("ann"), centre.operator("bob"))
    centre.open(centre.campaign(1, agents=people))
    for one in people:
        centre.ready(one)
    usual = centre.world.ways_of
    joined: list[ports.Event] = []

    def ways_of(event: ports.Event) -> tuple[float, ...]:
        if not isinstance(event, ports.BridgeJoined) or joined:
            return usual(event)
        joined.append(event)
        return (60.0,)

    centre.world.ways_of = ways_of  # type: ignore[method-assign]
    assert centre.until(lambda: bool(joined))
    first = next(one for one in people if centre.agent_state(one) == "reserved")
    second = next(one for one in people if one != first)
    centre.lose_device(first)
    assert centre.until(lambda: centre.talking(second), 3.0)
    centre.kill_floor()
    for one in people:
        centre.come_back(one)
    assert centre.talking(second)
    assert not centre.talking(first)
    centre.finish_talk(second)
    assert [centre.agent_state(one) for one in (first, second)] == ["no_device", "ready"]
    centre.settle()
