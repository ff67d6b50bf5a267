"""What `vyzov trunk test` says: each finding in plain words, likely why, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """One finding: what was seen, and what to do, "" where nothing is to be done."""

    what: str
    do: str = ""


STEPS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "resolve": "Name", "connect": "Connection", "certificate": "Certificate",
        "options": "Carrier answers", "register": "Sign-in", "call": "Call", "sound": "Sound",
    },
    "ru": {
        "resolve": "Имя", "connect": "Соединение", "certificate": "Сертификат",
        "options": "Оператор связи отвечает", "register": "Регистрация", "call": "Звонок",
        "sound": "Звук",
    },
}  # fmt: skip

_EN: Mapping[str, Words] = {
    "ok": Words("works"),
    "ok_auth_asked": Words("answers, and asks who we are: that is how it should be"),
    "ok_refused": Words("answers, though not with 200: it is alive"),
    "expires_soon": Words(
        "works, but the carrier's certificate ends soon", "Ask the carrier when it is renewed."
    ),
    "not_found": Words(
        "the name leads nowhere", "See that it is spelt right; with port 0 it needs SRV records."
    ),
    "no_name_server": Words(
        "no name server answers: the network or DNS of this machine is broken",
        "See the machine's DNS, or set dns_servers in vyzov.toml.",
    ),
    "refused": Words(
        "nobody listens at that port: likely another port or transport",
        "Compare port and transport with the carrier's letter.",
    ),
    "timed_out": Words(
        "no connection: likely a firewall, or our address is not on the carrier's list",
        "Open the port, and give the carrier the address of this machine.",
    ),
    "unreachable": Words(
        "the way there is broken", "See the network of this machine and the address."
    ),
    "no_tls": Words(
        "there is no TLS at that port: likely the port of plain SIP",
        "Try port 5061, or the transport tcp.",
    ),
    "wrong_name": Words(
        "the certificate is for another name",
        "Set the certificate's name in the trunk to the one the carrier gave.",
    ),
    "untrusted": Words(
        "the certificate leads to no authority we know",
        "Ask the carrier for its authority's certificate and set tls_ca in vyzov.toml.",
    ),
    "expired": Words("the carrier's certificate has expired", "Tell the carrier."),
    "no_reply": Words(
        "silence: likely a firewall, a wrong address, or our address is not on the carrier's list",
        "See host and port, open the SIP port, give the carrier our address. Some carriers never "
        "answer this question: if calls work (--number), switch the trunk's probes off.",
    ),
    "overloaded": Words(
        "the carrier says that it is not ready", "Wait a little; if it stays so, call the carrier."
    ),
    "login_refused": Words(
        "user name or password are wrong", "Type both anew, from the carrier's letter."
    ),
    "only_md5": Words(
        "the carrier offers only MD5, which is too weak to be used unasked",
        "Ask it for SHA-256; or allow MD5 for this trunk (--allow-md5).",
    ),
    "registration_refused": Words(
        "the carrier refuses our registration in its own words",
        "See user name and domain; ask the carrier whether the account is active.",
    ),
    "unknown_trunk": Words("the engine does not know this trunk", "Save it and try again."),
    "not_answered": Words("it rang, and nobody picked up: the trunk works"),
    "call_failed": Words(
        "the carrier did not connect the call",
        "See the number, the number shown and its form, and the account's balance.",
    ),
    "one_way": Words(
        "we send sound and hear none: likely a firewall or address translation",
        "Open the UDP ports rtp_first to rtp_last, and set advertised_host to the outer address.",
    ),
    "silent": Words(
        "no sound in either direction", "See codecs, and the UDP ports rtp_first to rtp_last."
    ),
}

_RU: Mapping[str, Words] = {
    "ok": Words("работает"),
    "ok_auth_asked": Words("отвечает и спрашивает, кто мы: так и должно быть"),
    "ok_refused": Words("отвечает, хотя и не 200: он жив"),
    "expires_soon": Words(
        "работает, но сертификат оператора связи скоро кончится",
        "Узнайте у оператора связи, когда его обновят.",
    ),
    "not_found": Words(
        "имя никуда не ведёт", "Проверьте, как оно написано; при порте 0 нужны записи SRV."
    ),
    "no_name_server": Words(
        "серверы имён не отвечают: сломана сеть или DNS этой машины",
        "Проверьте DNS машины или задайте dns_servers в vyzov.toml.",
    ),
    "refused": Words(
        "на этом порту никто не слушает: скорее всего, порт или транспорт другой",
        "Сверьте порт и транспорт с письмом оператора связи.",
    ),
    "timed_out": Words(
        "соединения нет: скорее всего, межсетевой экран или нашего адреса нет в списке",
        "Откройте порт и сообщите оператору связи адрес этой машины.",
    ),
    "unreachable": Words("дороги туда нет", "Проверьте сеть этой машины и адрес."),
    "no_tls": Words(
        "на этом порту нет TLS: скорее всего, это порт обычного SIP",
        "Попробуйте порт 5061 или транспорт tcp.",
    ),
    "wrong_name": Words(
        "сертификат выдан на другое имя",
        "Впишите в транк имя сертификата, которое дал оператор связи.",
    ),
    "untrusted": Words(
        "сертификат не ведёт ни к одному известному нам центру",
        "Попросите у оператора связи сертификат его центра и задайте tls_ca в vyzov.toml.",
    ),
    "expired": Words("сертификат оператора связи истёк", "Сообщите ему об этом."),
    "no_reply": Words(
        "тишина: скорее всего, межсетевой экран, неверный адрес или нас нет в списке",
        "Проверьте адрес и порт, откройте порт SIP, сообщите оператору связи наш адрес. Некоторые "
        "на такой вопрос не отвечают: если звонки идут (--number), выключите проверку транка.",
    ),
    "overloaded": Words(
        "оператор связи говорит, что не готов", "Подождите; если не пройдёт, позвоните ему."
    ),
    "login_refused": Words(
        "неверны имя или пароль", "Введите их заново, из письма оператора связи."
    ),
    "only_md5": Words(
        "оператор связи предлагает только MD5, а он слишком слаб, чтобы отвечать на него без спроса",
        "Попросите SHA-256 или разрешите MD5 для этого транка (--allow-md5).",
    ),
    "registration_refused": Words(
        "оператор связи не принимает регистрацию, слова его",
        "Проверьте имя и домен; спросите, действует ли договор.",
    ),
    "unknown_trunk": Words("движок не знает этого транка", "Сохраните его и попробуйте снова."),
    "not_answered": Words("звонило, но трубку не сняли: транк работает"),
    "call_failed": Words(
        "оператор связи не соединил",
        "Проверьте номер, показываемый номер и его вид, баланс договора.",
    ),
    "one_way": Words(
        "мы говорим, но ничего не слышим: скорее всего, межсетевой экран или трансляция адресов",
        "Откройте порты UDP с rtp_first по rtp_last и задайте advertised_host, внешний адрес.",
    ),
    "silent": Words(
        "звука нет ни туда, ни оттуда", "Проверьте кодеки и порты UDP с rtp_first по rtp_last."
    ),
}

FINDINGS: Mapping[str, Mapping[str, Words]] = {"en": _EN, "ru": _RU}
VERDICTS: Mapping[str, tuple[str, str]] = {
    "en": ("The trunk works.", "The trunk does not work yet."),
    "ru": ("Транк работает.", "Транк пока не работает."),
}
