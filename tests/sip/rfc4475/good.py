"""Section 3.1.1: requests that look broken and are not. A reader that refuses them is wrong."""

from rfc4475.situations import CALL, OFFER, SDP, Sender, Situation, join, plain

REGISTRAR = (405, 401, 403, 200)
"""A REGISTER that is well formed: what a registrar, or an agent that is none, says to strangers."""


def white_space(sender: Sender) -> bytes:
    return join(
        "INVITE sip:v@127.0.0.1;unknown=yes SIP/2.0",
        "TO :",
        f" sip:v@hall.example ;   nOt    = {sender.serial}98\t",
        'from   : "A \\\\ Quoted \\"Name\\""       <sip:them@far.example>',
        "  ;",
        f"  tag = from{sender.serial}",
        "MaX-fOrWaRdS: 0068",
        f"Call-ID: {sender.call_id}",
        "cseq: 0009",
        "  INVITE",
        "Via  : SIP  /   2.0",
        " /UDP",
        f"    {sender.place};branch=z9hG4bK.t{sender.serial}",
        "s :",
        "NewFangledHeader:   new value",
        "\tcarried on",
        "Other:  ;;,,;,;",
        "Content-Type: application/sdp",
        "Route:",
        " <sip:services.example;lr;unknown=1;other>",
        "v:  SIP  / 2.0  / TCP     one.example   ;",
        "  branch  =   z9hG4bK9iklr,  SIP/2.0/UDP two.example;branch=z9hG4bKo1",
        'm:"Quoted, too" <sip:them@192.0.2.30>  ;  newparam =',
        "      newvalue ;",
        "  secondparam ; q = 0.33",
        body=SDP,
    )


def wide_range(sender: Sender) -> bytes:
    method = "!odd-Method0123456789_*+`.%indeed'~"
    user = "1_odd.URI~(to-be!sure)&isn't+it$/silly?,/;;*"
    return join(
        f"{method} sip:{user}:&it+has=1,odd!*pas$wo~d_too.(isn't-it)@127.0.0.1 SIP/2.0",
        f"Via: SIP/2.0/UDP {sender.place};branch=z9hG4bK-.!%66*_+`'~{sender.serial}",
        b'To: "BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:' + user.encode() + b"@far.example>",
        "From: word1~` word2'+_ word3*%!.- <sip:them@far.example>;fromParam''~+*_!.-%="
        f'"слово";tag=_word~1\'+`*%!-.{sender.serial}',
        f"Call-ID: odd{sender.serial}.word%ZK-!.*_+'@word`~)(><:\\/\"][?}}{{",
        f"CSeq: 139122385 {method}",
        "Max-Forwards: 255",
        "extensionHeader-!.%*+_`'~:\ufeff大きな声",
    )


def escapes(sender: Sender) -> bytes:
    return plain(
        "INVITE",
        sender,
        OFFER,
        uri="sip:sips%3Athem%40far.example@127.0.0.1",
        to="To: <sip:%75se%72@hall.example>",
        from_="From: <sip:I%20have%20spaces@far.example>;tag=f",
        contact="Contact: <sip:caller%2Da;b=%31@192.0.2.30;%6C%72;n%61me=v%61lue%25%34%31>",
        body=SDP,
    )


def escaped_zeros(sender: Sender) -> bytes:
    return plain(
        "REGISTER",
        sender,
        "L:0",
        to="To: sip:null-%00-null@hall.example",
        from_="From: sip:null-%00-null@hall.example;tag=f",
        contact="Contact: <sip:%00@192.0.2.30>, <sip:%00%00@192.0.2.30>",
        size=False,
    )


def percent_that_escapes_nothing(sender: Sender) -> bytes:
    return plain(
        "RE%47IST%45R",
        sender,
        to='To: "%Z%45" <sip:resource@hall.example>',
        from_='From: "%Z%45" <sip:resource@hall.example>;tag=f',
        contact="Contact: <sip:alias1@192.0.2.30>",
    )


def no_space_before_bracket(sender: Sender) -> bytes:
    return plain("OPTIONS", sender, from_="From: caller<sip:caller@far.example>;tag=323")


def long_values(sender: Sender) -> bytes:
    long = "very" + "longlong" * 24
    vias = [
        f"Via: SIP/2.0/TCP hop{n}.far.example;branch=z9hG4bK{n}{long};received=192.0.2.{n}"
        for n in range(1, 30)
    ]
    return join(
        f"INVITE sip:desk@127.0.0.1;{long}={long} SIP/2.0",
        sender.via(f";unknown{long}={long}"),
        *vias,
        f'To: "I have a user name of {long} proportions" <sip:desk@hall.example:6000'
        f";unknown{long}param={long};another{long}>",
        f"F: sip:amazinglylongcallername{long}@far.example;tag=12{long}982424;"
        f"unknown{long}header{long}={long}parameter{long};flag{long}",
        f"Call-ID: {sender.serial}.{long}.{long}really@far.example",
        "CSeq: 3882340 INVITE",
        f"Unknown-{long}-Name: unknown-{long}-value; unknown-{long}-parameter = unknown-{long}",
        "Max-Forwards: 70",
        f"Contact: <sip:amazinglylongcallername{long}@192.0.2.30>",
        "Content-Type: application/sdp",
        body=SDP,
    )


def second_request_behind(sender: Sender) -> bytes:
    first = plain("REGISTER", sender, to="To: sip:j.user@hall.example", contact="")
    other = Sender(sender.place, sender.serial + 5_000_000)
    return first + plain("INVITE", other, OFFER, body=SDP)


def semicolons_in_user(sender: Sender) -> bytes:
    return plain(
        "OPTIONS",
        sender,
        uri="sip:user;par=u%40far.example@127.0.0.1",
        to="To: sip:j_user@hall.example",
        contact="Contact: <sip:user;par=%23h%40far.example@192.0.2.30>",
    )


def every_transport(sender: Sender) -> bytes:
    more = [
        f"Via: SIP/2.0/{name} t{number}.example;branch=z9hG4bK{number}"
        for number, name in enumerate(("SCTP", "TLS", "UNKNOWN", "TCP"))
    ]
    return plain("OPTIONS", sender, *more)


def many_parts(sender: Sender) -> bytes:
    edge = b"7a9cbec02ceef655"
    signature = bytes(range(256)).replace(edge, b"") * 2
    body = (
        b"--" + edge + b"\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n"
        b"\r\nHello\r\n--" + edge + b"\r\nContent-Type: application/octet-stream\r\n"
        b"Content-Transfer-Encoding: binary\r\nContent-Disposition: attachment; "
        b'handling=required; filename="s.p7s"\r\n\r\n' + signature + b"\r\n--" + edge + b"--\r\n"
    )
    return plain(
        "MESSAGE",
        sender,
        'Content-Type: multipart/mixed;boundary="7a9cbec02ceef655"',
        body=body,
    )


GOOD = (
    Situation("wsinv", "3.1.1.1", "white space and folds wherever the grammar lets them stand",
              (CALL,), white_space),
    Situation("intmeth", "3.1.1.2", "every sign the grammar allows, zero bytes in quotes too",
              (405, 501), wide_range),
    Situation("esc01", "3.1.1.3", "escaped signs in user parts and parameters", (CALL,), escapes),
    Situation("escnull", "3.1.1.4", "escaped zero bytes in addresses", REGISTRAR, escaped_zeros),
    Situation("esc02", "3.1.1.5", "a method of percent signs that is not REGISTER",
              (405, 501), percent_that_escapes_nothing),
    Situation("lwsdisp", "3.1.1.6", "a name that touches its bracket",
              (200,), no_space_before_bracket),
    Situation("longreq", "3.1.1.7", "long values everywhere", (CALL,), long_values),
    Situation("dblreq", "3.1.1.8", "a second request behind the first is not read",
              REGISTRAR, second_request_behind),
    Situation("semiuri", "3.1.1.9", "semicolons in a user part", (200,), semicolons_in_user),
    Situation("transports", "3.1.1.10", "hops of every transport", (200,), every_transport),
    Situation("mpart01", "3.1.1.11", "binary parts in one body", (405, 200), many_parts),
)  # fmt: skip
