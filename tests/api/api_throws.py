"""Requests nobody should send, made from the API's own description.

Each is a request of a door as documented, with some of its parts replaced by what breaks programs:
numbers beyond any column, half a character, dates at the end of time, objects of somebody else. The
description is read when the test runs, so a new door is thrown at without a line here.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

Json = dict[str, Any]
ADDRESS_MOST = 6_000

TEXTS: Sequence[str] = (
    "", " ", "\x00", "a\x00b", "\ud800", "x\udfff", "\u202eabc", "é" * 300, "x" * 70_000, "😀" * 40,
    "'; DROP TABLE contact; --", "%", "_", "\\", "{{name}}", "{0.__class__}", "%s%n", "../../etc",
    "<script>alert(1)</script>", "\r\nX-Injected: 1", "null", "NaN", "-0", "0x10", "1e400", "٣٤",
    "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-19",
    "+70005550101", "+1" * 40, "sip:a@b;tag=1", "https://[::1", "https://user:pw@host:99999/",
    "018f4f2e-0000-7000-8000-000000000000", "=cmd|' /C calc'!A0",
)  # fmt: skip
NUMBERS: Sequence[int | float] = (
    0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**30, 1e308, -1e-9, 0.1, float("nan"), float("inf"),
)  # fmt: skip
ODD: Sequence[object] = (None, True, [], {}, [[]], [None] * 3, {"": ""}, {"a": {"b": [1, {}]}})
BODIES: Sequence[bytes] = (
    b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 5000, b'{"a":' * 3000, b"{}" * 2,
    b"1" * 5000, b'{"name": 1e999999}', b"\x1f\x8b\x08\x00",
)  # fmt: skip
FILES: Sequence[bytes] = (
    b"", b"Phone\n", b"Phone,Phone\n+70005550101,x\n", b"\xff\xfeP\x00h\x00", b"PK\x03\x04rest",
    b"\x00" * 4000, b"Phone,Name\n+70005550101,\xff\xfe\n", b"Phone;Name\r\n'8 (000) 555-01-01';\"x",
    "Телефон;Имя\n+70005550102;Ян\n".encode("cp1251"), b"a," * 3000, b"\xd0\xcf\x11\xe0rest",
)  # fmt: skip
HEADERS: Mapping[str, Sequence[str]] = {
    "If-Match": ('"1"', "*", "1", 'W/"1"', '"999999999999999999999"', '"x"', "", '"1", "2"'),
    "Idempotency-Key": ("key", "", "k" * 5000, "ключ", "a" * 255),
    "Range": ("bytes=0-1", "bytes=-1", "bytes=5-1", "bytes=0-0,2-3", "bytes=99999999999999-", "x"),
    "Content-Type": ("application/json", "text/plain", "application/json; charset=utf-16", ""),
    "Accept": ("*/*", "text/html", "application/xml"),
    "X-Request-ID": ("fine-1", "a b", "x" * 9000),
    "Authorization": ("Basic eDp5", "Bearer", "Bearer " + "x" * 4000, "Bearer é"),
}


@dataclass(frozen=True, slots=True)
class Door:
    """One method of one address, as the description has it."""

    method: str
    path: str
    parameters: Sequence[Json]
    content: Mapping[str, Json]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def doors_in(document: Json) -> Iterator[Door]:
    """Lists the doors a description names."""
    for path, methods in document["paths"].items():
        for method, door in methods.items():
            content = door.get("requestBody", {}).get("content", {})
            yield Door(method.upper(), path, door.get("parameters", ()), content)


@dataclass(slots=True)
class Thrower:
    """Makes requests for doors; `known` has ids that exist, by the name of what they are ids of."""

    document: Json
    dice: random.Random
    known: Mapping[str, Sequence[str]]
    wild: float = 0.25
    """How often a part is replaced by something that does not belong there, 0..1."""
    _count: int = field(default=0)

    def request(self, door: Door) -> Json:
        """Makes one request as arguments of `httpx.Client.request`."""
        path, query = door.path, list[str]()
        for parameter in door.parameters:
            name, schema = parameter["name"], parameter.get("schema", {})
            value = self._plain(self._value(schema, name))
            if parameter["in"] == "path":
                path = path.replace(f"{{{name}}}", _quoted(value) or "-")
            elif parameter["in"] == "query" and self.dice.random() < 0.6:
                query.append(f"{name}={_quoted(value)}")
        if self._odd():
            query.append(
                self.dice.choice(("limit=%ff", "cursor=%00", "from=&from=", "a[]=1", "&&"))
            )
        self._count += 1
        headers = {"Idempotency-Key": f"throw-{self._count}", "If-Match": '"1"'}
        for name, values in HEADERS.items():
            if self.dice.random() < self.wild / 4:
                headers[name] = self.dice.choice(values)
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        asked: Json = {"method": door.method, "url": path + "?" * bool(query) + "&".join(query)}
        return asked | self._body(door, raw)

    def _body(self, door: Door, headers: list[tuple[bytes, bytes]]) -> Json:
        if "multipart/form-data" in door.content:
            own = [pair for pair in headers if pair[0] != b"Content-Type"]
            schema = self._resolved(door.content["multipart/form-data"]["schema"])
            data = {
                name: self._plain(self._value(part, name)).encode("utf-8", "replace").decode()
                for name, part in schema.get("properties", {}).items()
                if name != "file" and self.dice.random() < 0.5
            }
            file = self.dice.choice(FILES)
            name = self.dice.choice(("a.csv", "a.xlsx", "", "../../x.csv", "имя.csv", "a\x00.csv"))
            return {"headers": own, "data": data, "files": {"file": (name, file)}}
        if not door.content:
            return {"headers": headers, "content": b"{}" if self._odd() else None}
        if not any(name == b"Content-Type" for name, _ in headers):
            headers.append((b"Content-Type", b"application/json"))
        if self.dice.random() < self.wild / 3:
            return {"headers": headers, "content": self.dice.choice(BODIES)}
        schema = next(iter(door.content.values())).get("schema", {})
        body = self._value(schema, "")
        return {"headers": headers, "content": json.dumps(body).encode()}

    def _odd(self) -> bool:
        return self.dice.random() < self.wild / 2

    def _plain(self, value: object) -> str:
        return value if isinstance(value, str) else json.dumps(value)

    def _resolved(self, schema: Json) -> Json:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema

    def _value(self, schema: Json, name: str, depth: int = 0) -> Any:
        """Makes a value of a schema, or in its place what does not belong there."""
        if self.dice.random() < self.wild / (1 if depth < 2 else 2):
            return self.dice.choice(self.dice.choice((TEXTS, NUMBERS, ODD)))
        ids = self.known.get(name.removesuffix("_id").removesuffix("s"), ())
        if ids and self.dice.random() < 0.85:
            one = self.dice.choice(ids)
            return [one] if name.endswith("s") and schema.get("type") == "array" else one
        schema = self._resolved(schema)
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                return self._value(self.dice.choice(schema[several]), name, depth)
        if schema.get("examples") and self.dice.random() < 0.5:
            return self._mutated(self.dice.choice(schema["examples"]))
        if "enum" in schema or "const" in schema:
            return self.dice.choice(schema.get("enum") or [schema["const"]])
        return self._of_type(schema, name, depth)

    def _of_type(self, schema: Json, name: str, depth: int) -> Any:
        match schema.get("type"):
            case "object" if depth < 6:
                parts = schema.get("properties", {})
                needed = schema.get("required", ())
                made = {
                    part: self._value(one, part, depth + 1)
                    for part, one in parts.items()
                    if part in needed or self.dice.random() < 0.5
                }
                if not parts or self._odd():
                    made |= {self.dice.choice(TEXTS): self._value({}, "", depth + 1)}
                return made
            case "array" if depth < 6:
                count = self.dice.choice((0, 1, 1, 2, 40))
                return [self._value(schema.get("items", {}), name, depth + 1) for _ in range(count)]
            case "integer":
                least, most = schema.get("minimum", 0), schema.get("maximum", 50)
                return self.dice.randint(int(least), max(int(least), int(most)))
            case "number":
                return self.dice.uniform(schema.get("minimum", 0), schema.get("maximum", 5))
            case "boolean":
                return self.dice.random() < 0.5
            case "null":
                return None
            case _:
                return self._text(schema, name)

    def _text(self, schema: Json, name: str) -> str:
        if schema.get("format") == "date-time":
            return self.dice.choice(("2026-11-19T10:00:00Z", "2026-11-25T10:00:00+03:00"))
        if schema.get("format") == "date":
            return self.dice.choice(("2026-11-19", "2026-12-31"))
        if "phone" in name or "number" in name:
            return self.dice.choice(("+70005550103", "8 (000) 555-01-03", "+12025550147"))
        return self.dice.choice(("word", "Two words", "слово", "x" * schema.get("minLength", 1)))

    def _mutated(self, value: Any) -> Any:
        """Gives a copy of an example with a part of it replaced here and there."""
        if self.dice.random() < self.wild / 2:
            return self.dice.choice(self.dice.choice((TEXTS, NUMBERS, ODD)))
        if isinstance(value, dict):
            return {key: self._mutated(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._mutated(one) for one in value]
        return value


def _quoted(value: str) -> str:
    return quote(value[:ADDRESS_MOST].encode("utf-8", "surrogatepass"), safe="")


def fault_of(answer: httpx.Response) -> str | None:
    """Says what is wrong with an answer whatever was asked; None where nothing is."""
    body: Any = None
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        body = answer.json()
    if answer.status_code >= 500:
        # Too much at once, told as such with a time to come again, is an answer, not a breakdown.
        busy = answer.status_code == 503 and body and body.get("code") == "too_busy"
        return None if busy else f"{answer.status_code} {answer.text[:300]}"
    told = isinstance(body, dict) and body.get("code") and body.get("next_step")
    if answer.status_code >= 400 and not told:
        return f"{answer.status_code} is no problem document: {answer.text[:300]}"
    if "Traceback (most recent" in answer.text:
        return "a traceback went out"
    if "content-security-policy" not in answer.headers:
        return "no content security policy"
    return None
