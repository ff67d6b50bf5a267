"""What the port says of trunks: how they are told to an engine, and what it finds of them.

Part of `ports`, whose rules hold here; use them by that name.
"""

from dataclasses import dataclass

# ---- verbs ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetTrunk:
    """Tells the engine a trunk; the same trunk again replaces it.

    `host` is an address or a name; with `port` 0 a name is looked up by NAPTR and SRV (RFC 3263).
    `transport`: udp, tcp, tls; `tls_name` is the name its certificate must bear (`host` where empty).
    `srtp`: off, required (only with tls). `register`: sign in and stay signed in for
    `register_expires_s`. `probe_s`: seconds between OPTIONS, 0 for none. `number_format`: e164
    (`+7...`), plain (`7...`), national:PREFIX (the country code gives way to PREFIX); `prefix` goes
    before the number called. `caller_headers`: where the shown number stands (from, pai, ppi, rpid,
    diversion). `from_user`, `from_domain` replace both halves of From where a carrier wants its own.
    `redirects`: report, same_host."""

    trunk: str
    host: str
    port: int
    username: str = ""
    password: str = ""
    realm: str = ""
    codecs: tuple[str, ...] = ("PCMA", "PCMU")
    transport: str = "udp"
    tls_name: str = ""
    srtp: str = "off"
    register: bool = False
    register_expires_s: int = 300
    probe_s: float = 30.0
    allow_md5: bool = False
    number_format: str = "e164"
    prefix: str = ""
    caller_headers: tuple[str, ...] = ("from",)
    from_user: str = ""
    from_domain: str = ""
    session_expires_s: int = 1800
    redirects: str = "report"


@dataclass(frozen=True, slots=True)
class RemoveTrunk:
    """Forgets a trunk: it is signed out, no longer asked whether it lives, and refuses calls."""

    trunk: str


@dataclass(frozen=True, slots=True)
class CheckTrunk:
    """Looks at a trunk step by step; answered by exactly one `TrunkChecked` of the same `check`."""

    check: str
    trunk: str


# ---- events --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TrunkState:
    """What the engine found when it last looked at a trunk; what follows is the floor's to decide.

    `source`: probe, registration, call. `state`: up (answered, signed in), down (not this time: `misses`
    in a row), paused (told to wait until the monotonic second `until`), unknown (not looked yet).
    `reason` is a word of `core.trunk.TrunkFault` or empty; `code`, `phrase` the answer as it came."""

    trunk: str
    state: str
    reason: str = ""
    code: int = 0
    phrase: str = ""
    until: float = 0.0
    at: float = 0.0
    source: str = "probe"
    misses: int = 0
    target: str = ""


@dataclass(frozen=True, slots=True)
class TrunkChecked:
    """The steps of a check in order: (step, finding, detail), words of `core.trunk`."""

    check: str
    trunk: str
    at: float
    steps: tuple[tuple[str, str, str], ...]
