"""Writes what the outside world is told into the outbox, beside the facts it is told of.

Which facts those are is said in `core.webhook`; bringing them there is the worker's part.
"""

from collections.abc import Iterable

from vyzov.core.chain import Stream
from vyzov.core.contact import CallbackEnd
from vyzov.core.facts import Fact
from vyzov.core.instants import to_text
from vyzov.core.webhook import OF_PROMISES, event_of, told_data
from vyzov.dialer.writes import CloseCallback
from vyzov.storage.session import Ask
from vyzov.storage.values import json_text


def tell(facts: Iterable[tuple[Stream, Fact]]) -> list[Ask]:
    """Returns what writes the events of facts, in their order; nothing where none is told."""
    rows: list[dict[str, object]] = []
    for stream, fact in facts:
        event = event_of(fact.kind, fact.data)
        if event is not None:
            rows.append(
                {
                    "organisation": stream.organisation,
                    "dedupe": fact.dedupe,
                    "event": event.value,
                    "at": to_text(fact.at),
                    "campaign": fact.campaign,
                    "contact": fact.contact or fact.data.get("lead"),
                    "attempt": fact.attempt,
                    "agent": fact.agent,
                    "data": json_text(told_data(fact.kind, fact.data)),
                }
            )
    return [Ask("outbox", "tell", {}, rows)] if rows else []


def tell_promise(organisation: str, end: CloseCallback) -> Ask:
    """Returns what writes the event of a promise that ends; to be asked before it is closed."""
    values = {
        "organisation": organisation,
        "campaign": end.campaign,
        "contact": end.contact,
        "state": end.state,
        "event": OF_PROMISES[CallbackEnd(end.state)].value,
        "at": to_text(end.at),
    }
    return Ask("outbox", "tell_promise", values)
