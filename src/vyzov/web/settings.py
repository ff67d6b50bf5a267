"""The settings of the web process: every limit it keeps has its name here.

Reading them from a file or the environment is left to the composition root.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from vyzov.media import prompts

SAMPLE_PROMPTS = Path(prompts.__file__).parent / "prompts"
DEFAULT_STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Addresses, limits and bounds of the web process; sizes in bytes."""

    host: str = "127.0.0.1"
    port: int = 8080
    recordings: Path = Path("recordings")
    # Where prompts are looked for, in the engine's order.
    prompt_folders: tuple[Path, ...] = (SAMPLE_PROMPTS,)
    # The command that speaks a text, empty where there is none.
    prompt_voice: str = ""
    # The data folder, which estimates are made from.
    data: Path = Path()
    # Where the engine's tape of SIP messages lies, see docs/formats.md.
    sip_trace: Path = Path("sip")
    # Where desk phones sign in, to be typed into them: transport:host:port.
    sip_servers: tuple[str, ...] = ()
    static: Path = DEFAULT_STATIC
    # Origins besides the page's own that may use the cookie, such as a development server's.
    extra_origins: tuple[str, ...] = ()
    # Set where the site is reached by https only: the cookie is then never sent in clear.
    secure_cookie: bool = False
    # Addresses whose X-Forwarded-For is believed; empty: nobody's.
    trusted_proxies: tuple[str, ...] = ()
    # Whether webhooks may lead to private addresses and plain http.
    webhook_private: bool = False

    session_idle: timedelta = timedelta(hours=8)
    session_span: timedelta = timedelta(hours=24)
    session_recheck: timedelta = timedelta(seconds=15)
    password_length_min: int = 10
    password_checks_at_once: int = 2
    tries_free_per_login: int = 5
    tries_free_per_source: int = 20
    tries_wait_max: timedelta = timedelta(seconds=60)
    tries_remembered: int = 10_000

    body_max: int = 256 * 1024
    list_max: int = 256 * 1024 * 1024
    # Two minutes of stereo at 48 kHz fit.
    prompt_max: int = 24 * 1024 * 1024
    prompts_at_once: int = 1
    imports_at_once: int = 1
    imports_waiting_max: int = 4
    page_default: int = 50
    page_max: int = 200
    report_facts_max: int = 2_000_000
    # How often new facts are taken into the sums of key figures.
    roll_up_every: timedelta = timedelta(seconds=15)
    # How long the runs of one estimate may take.
    whatif_limit: timedelta = timedelta(minutes=5)
    idempotency_span: timedelta = timedelta(hours=24)

    ask_timeout: timedelta = timedelta(seconds=5)
    ask_pending_max: int = 2_000
    # A campaign made a moment ago may not have reached the floor when it is started.
    new_campaign_tries: int = 8
    new_campaign_pause: timedelta = timedelta(milliseconds=150)
    floor_line_max: int = 8 * 1024 * 1024
    # How often it is looked who owns which floor, and where.
    floor_look_every: timedelta = timedelta(seconds=1)
    floor_retry_first: timedelta = timedelta(milliseconds=100)
    floor_retry_max: timedelta = timedelta(seconds=2)

    live_frame_max: int = 64 * 1024
    live_backlog_max: int = 256
    live_send_timeout: timedelta = timedelta(seconds=10)
    live_sockets_per_user: int = 8
    live_frames_per_second: float = 50.0
    live_topics_max: int = 16
    live_ping: timedelta = timedelta(seconds=20)
