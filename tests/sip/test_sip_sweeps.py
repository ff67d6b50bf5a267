"""What a stranger learns at the registrar by trying names and passwords: nothing, in no time."""

import statistics
import time

from desk_phone import AT, DeskPhone, record, registrar
from sip_net import Sent, sent


def shape(answer: Sent, username: str) -> list[str]:
    """An answer without what differs in every answer: names, tags, nonces."""
    found: list[str] = []
    for line in answer.data.decode().replace(username, "USER").split("\r\n"):
        name = line.partition(":")[0]
        found.append(name if name in ("Via", "To", "Call-ID", "CSeq", "From") else line)
    return [line.partition("nonce=")[0] for line in found]


def test_known_and_unknown_users_get_the_same_answers_to_the_byte() -> None:
    known = registrar(record("desk1"), record("weak1", algorithms=("SHA-256", "MD5")))
    seen: set[tuple[tuple[str, ...], ...]] = set()
    for username in ("desk1", "weak1", "nobo1"):
        phone = DeskPhone(known, username, "guess")
        first = phone.says(phone.write())
        second = phone.says(phone.write(phone.proof(first.all("WWW-Authenticate")[0])))
        third = phone.says(phone.write(phone.proof(first.all("WWW-Authenticate")[1], "MD5")))
        answers = (first, second, third)
        seen.add(tuple(tuple(shape(answer, username)) for answer in answers))
        assert [answer.line for answer in answers] == ["401", "403", "403"]
        assert len({len(answer.data) for answer in answers[1:]}) == 1
    assert len(seen) == 1


def test_known_and_unknown_users_cost_the_same_time() -> None:
    known = registrar(record("desk0001"))
    spent: dict[str, list[float]] = {"desk0001": [], "nobody01": []}
    for turn in range(400):
        for username in spent if turn % 2 else reversed(spent):
            phone = DeskPhone(known, username, "guess")
            data = phone.write(phone.proof(phone.challenge()))
            start = time.perf_counter()
            known.receive(data, AT, 0.0)
            spent[username].append(time.perf_counter() - start)
            sent(known)
    here, there = (statistics.median(times) for times in spent.values())
    assert abs(here - there) < 0.25 * max(here, there)
