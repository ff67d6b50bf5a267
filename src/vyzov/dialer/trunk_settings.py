"""Which settings of a trunk fit together, and what the engine is told of them.

Each field's own form is checked at the door that reads it; here are the rules between fields.
"""

from vyzov.core.errors import Fault, InvalidRequest
from vyzov.core.numbers import NumberFormat
from vyzov.dialer.office_records import Trunk, TrunkSettings
from vyzov.dialer.ports import SetTrunk

TRANSPORTS = ("udp", "tcp", "tls")
SRTP = ("off", "required")
REDIRECTS = ("report", "same_host")
CALLER_HEADERS = ("from", "pai", "ppi", "rpid", "diversion")


def check_trunk(settings: TrunkSettings) -> None:
    """Raises `InvalidRequest` naming the fields that do not fit together."""
    faults: list[Fault] = []
    for name, allowed in (("transport", TRANSPORTS), ("srtp", SRTP), ("redirects", REDIRECTS)):
        if getattr(settings, name) not in allowed:
            faults.append(Fault(name, f"must be one of {', '.join(allowed)}", "choice"))
    if settings.srtp == "required" and settings.transport != "tls":
        faults.append(
            Fault("srtp", "needs tls: without it the keys would travel in clear", "needs_tls")
        )
    if settings.sign_in and not settings.username:
        faults.append(Fault("username", "is needed to sign in", "needed"))
    number_form = NumberFormat(settings.number_format, settings.prefix).fault()
    if number_form:
        alone = NumberFormat(settings.number_format).fault()
        field = "number_format" if alone else "prefix"
        faults.append(Fault(field, number_form, "number_format"))
    headers = settings.caller_headers
    if not headers or not set(headers) <= set(CALLER_HEADERS) or len(set(headers)) != len(headers):
        known = ", ".join(CALLER_HEADERS)
        faults.append(Fault("caller_headers", f"must name some of {known}, each once", "choice"))
    elif settings.from_user and headers == ("from",):
        said = "must name another place than from: its user is set, and the number shown nowhere"
        faults.append(Fault("caller_headers", said, "hidden_number"))
    if faults:
        raise InvalidRequest.of("A trunk", faults)


def verb_of(trunk: Trunk) -> SetTrunk:
    """Returns the verb that tells the engine a trunk."""
    return verb_of_settings(trunk.id, trunk.settings)


def verb_of_settings(name: str, settings: TrunkSettings) -> SetTrunk:
    """Returns the verb that tells an engine these settings as a trunk of this name."""
    return SetTrunk(
        trunk=name,
        host=settings.host,
        port=settings.port,
        username=settings.username,
        password=settings.password,
        realm=settings.realm,
        codecs=tuple(settings.codecs),
        transport=settings.transport,
        tls_name=settings.tls_name,
        srtp=settings.srtp,
        register=settings.sign_in,
        register_expires_s=settings.register_expires_s,
        probe_s=settings.probe_s,
        allow_md5=settings.allow_md5,
        number_format=settings.number_format,
        prefix=settings.prefix,
        caller_headers=tuple(settings.caller_headers),
        from_user=settings.from_user,
        from_domain=settings.from_domain,
        session_expires_s=settings.session_expires_s,
        redirects=settings.redirects,
    )
