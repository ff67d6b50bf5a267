"""What a cell that a person filled in says about telephone numbers."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import timezone

from vyzov.core.numbers import is_e164
from vyzov.dialer.phones import (
    FICTION,
    ZONE_DIGITS,
    NotAPhone,
    Phone,
    phone_of,
    phones_in,
    possible_zones,
    zone_named,
    zones_of_country,
    zones_with,
)


def example(region: str, kind: int = phonenumbers.PhoneNumberType.MOBILE) -> str:
    """A number the numbering plan itself gives as an example of its kind."""
    number = phonenumbers.example_number_for_type(region, kind)
    assert number is not None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def e164(cell: str, region: str = "RU") -> list[str]:
    return [phone.e164 for phone in phones_in(cell, region)[0]]


@pytest.mark.parametrize(
    "text",
    [
        "+70005550101",
        "+7 000 555-01-01",
        "8 (000) 555-01-01",
        "8-000-555-01-01",
        "7 000 555 01 01",
        "0005550101",
        "8\u00a0000\u00a0555\u00a001\u00a001",
        "８０００５５５０１０１",
        "+7 (000) 555–01–01",
        "\u202a+70005550101\u202c",
        "'+70005550101",
        '="+70005550101"',
        "tel:+70005550101",
        "70005550101.0",
        "70005550101,0",
        "٧٠٠٠٥٥٥٠١٠١",
    ],
)
def test_a_russian_number_is_one_number_however_it_is_written(text: str) -> None:
    assert e164(text) == ["+70005550101"]


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("(202) 555-0143", "US", "+12025550143"),
        ("1-202-555-0143", "US", "+12025550143"),
        ("+1 202 555 0143", "RU", "+12025550143"),
        ("12025550143", "RU", "+12025550143"),
        ("020 7946 0123", "GB", "+442079460123"),
        ("+44 20 7946 0123", "US", "+442079460123"),
    ],
)
def test_numbers_of_other_countries_are_read_by_their_region_or_code(
    text: str, region: str, expected: str
) -> None:
    assert e164(text, region) == [expected]


def test_fictional_numbers_have_a_country_and_a_zone() -> None:
    assert phone_of("+70005550101", "RU") == Phone("+70005550101", "RU", ("Europe/Moscow",))
    assert phone_of("2025550100", "US") == Phone("+12025550100", "US", ("America/New_York",))


def test_a_number_beside_the_fictional_range_is_no_number() -> None:
    assert isinstance(phone_of("+70005560101", "RU"), NotAPhone)


@pytest.mark.parametrize("mark", [";", ",", "/", "|", "\n", " ; "])
def test_several_numbers_in_a_cell_are_several_numbers(mark: str) -> None:
    cell = f"8 000 555-01-01{mark}8 000 555-01-02{mark}+70005550101"
    assert e164(cell) == ["+70005550101", "+70005550102"]


@pytest.mark.parametrize(
    ("cell", "extension"),
    [
        ("+7 000 555-01-01 доб. 123", "123"),
        ("+7 000 555-01-01, доб. 123", "123"),
        ("+7 000 555-01-01 (вн.5)", "5"),
        ("+7 000 555-01-01 ext 77", "77"),
        ("+7 000 555-01-01 x77", "77"),
    ],
)
def test_an_extension_is_kept_apart_from_its_number(cell: str, extension: str) -> None:
    found, faults = phones_in(cell, "RU")
    assert [(phone.e164, phone.extension) for phone in found] == [("+70005550101", extension)]
    assert faults == []


@pytest.mark.parametrize(
    ("piece", "reason"),
    [
        ("вн.5", "phone_invalid"),
        ("555-01-01", "phone_invalid"),
        ("call reception", "phone_invalid"),
        ("1-800-FLOWERS", "phone_invalid"),
        ("sip:+70005550101@host", "phone_invalid"),
        ("+70005550101@host", "phone_invalid"),
        ("+70005550101&+70005550102", "phone_invalid"),
        ("+70005550101^1", "phone_invalid"),
        ("102", "phone_invalid"),
        ("+", "phone_invalid"),
        ("7,00056E+10", "phone_rounded"),
        ("7.00056e10", "phone_rounded"),
    ],
)
def test_what_is_no_number_says_why(piece: str, reason: str) -> None:
    found = phone_of(piece, "RU")
    assert isinstance(found, NotAPhone)
    assert (found.reason, found.value) == (reason, piece)


@pytest.mark.parametrize(
    ("region", "kind"),
    [
        ("RU", phonenumbers.PhoneNumberType.PREMIUM_RATE),
        ("CH", phonenumbers.PhoneNumberType.SHARED_COST),
        ("001", phonenumbers.PhoneNumberType.MOBILE),
    ],
)
def test_numbers_that_cost_dearly_or_belong_to_no_country_are_refused(
    region: str, kind: int
) -> None:
    if region == "001":
        number = phonenumbers.example_number_for_non_geo_entity(882)
        assert number is not None
        text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    else:
        text = example(region, kind)
    found = phone_of(text, "RU")
    assert isinstance(found, NotAPhone)
    assert found.reason == "phone_kind_refused"


def test_a_russian_mobile_may_be_anywhere_in_russia_from_kaliningrad_to_kamchatka() -> None:
    found = phone_of(example("RU"), "RU")
    assert isinstance(found, Phone)
    assert {"Europe/Kaliningrad", "Europe/Moscow", "Asia/Kamchatka"} <= set(found.zones)
    assert "Europe/Bucharest" not in found.zones
    assert "Asia/Almaty" not in found.zones


def test_a_kazakh_number_is_in_kazakhstan() -> None:
    found = phone_of(example("KZ"), "RU")
    assert isinstance(found, Phone)
    assert found.country == "KZ"
    assert "Asia/Almaty" in found.zones
    assert "Europe/Moscow" not in found.zones


def test_kaliningrad_is_not_bucharest_and_bucharest_stays_itself() -> None:
    assert possible_zones(("Europe/Bucharest",), "RU") == ("Europe/Kaliningrad",)
    assert possible_zones(("Europe/Bucharest",), "RO") == ("Europe/Bucharest",)


def test_an_unknown_zone_means_every_zone_of_the_country() -> None:
    assert set(possible_zones(("Etc/Unknown",), "US")) == zones_of_country("US")
    assert possible_zones(("Europe/Moscow",), "BY") == ("Europe/Minsk",)
    assert possible_zones(("Europe/Paris",), "XX") == ("Europe/Paris",)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Asia/Yekaterinburg", "Asia/Yekaterinburg"),
        (" Europe/London ", "Europe/London"),
        ("МСК", "Europe/Moscow"),
        ("мск+4", "Asia/Krasnoyarsk"),
        ("MSK -1", "Europe/Kaliningrad"),
        ("МСК−1", "Europe/Kaliningrad"),
        ("UTC+7", "Etc/GMT-7"),
        ("+03:00", "Etc/GMT-3"),
        ("GMT-5", "Etc/GMT+5"),
        ("UTC+40", None),
        ("МСК+20", None),
        ("Москва", None),
        ("../../etc/passwd", None),
    ],
)
def test_zones_are_understood_by_name_and_by_offset(text: str, zone: str | None) -> None:
    assert zone_named(text) == zone


def test_a_zone_in_the_row_settles_where_a_number_is_or_is_kept_to_as_well() -> None:
    mobile = Phone("+79", "RU", ("Asia/Omsk", "Europe/Moscow"))
    assert zones_with(mobile, None) == mobile.zones
    assert zones_with(mobile, "Asia/Omsk") == ("Asia/Omsk",)
    assert zones_with(mobile, "Asia/Tokyo") == ("Asia/Omsk", "Asia/Tokyo", "Europe/Moscow")
    fictional = Phone("+70005550101", "RU", ("Europe/Moscow",))
    assert zones_with(fictional, "Asia/Omsk") == ("Asia/Omsk",)


@given(st.text(max_size=40))
def test_any_cell_gives_strict_numbers_with_zones_or_says_why_not(cell: str) -> None:
    found, faults = phones_in(cell, "RU")
    assert all(is_e164(phone.e164) and phone.zones for phone in found)
    assert len({phone.e164 for phone in found}) == len(found)
    assert bool(found or faults) == bool(
        cell.strip(
            " \t\r\n;,/|\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0"
            "\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
            "\u202f\u205f\u3000"
        )
    )


@given(st.integers(0, 9999), st.sampled_from(["+7 000 555 {}", "8000555{}", "8 (000) 555-{}"]))
def test_every_number_of_the_fictional_range_is_read(number: int, shape: str) -> None:
    assert e164(shape.format(f"{number:04d}")) == [f"+7000555{number:04d}"]


def test_the_table_of_fiction_is_three_ranges_of_e164() -> None:
    assert [country for _, country, _ in FICTION] == ["RU", "US", "GB"]


# ---- a cell that is no number on purpose, and the way through in a hurry -------------------------


@pytest.mark.parametrize(
    "cell",
    [
        "sip:+70005550101@example.org",
        "<sip:+70005550101@example.org;user=phone>",
        "+70005550101@example.org",
        "+70005550101;transport=tcp",
        "tel:+70005550101;phone-context=example.org",
        "+70005550101\r\nVia: SIP/2.0/UDP 192.0.2.1",
        "+70005550101\nCall-ID : 7",
        "+70005550101%0d%0aVia: x",
        "+70005550101>",
    ],
)
def test_a_number_with_sip_in_it_is_refused_whole(cell: str) -> None:
    assert phones_in(cell, "RU") == ([], [NotAPhone("phone_sip_syntax", cell)])


@pytest.mark.parametrize(
    "cell", ["+70005550101 контакт: Анна", "+70005550101; доб. 5", "+70005550101\nдом: 80005550102"]
)
def test_words_of_people_are_not_taken_for_sip(cell: str) -> None:
    found, faults = phones_in(cell, "RU")
    assert found or faults
    assert all(fault.reason == "phone_invalid" for fault in faults)


def test_two_numbers_on_two_lines_of_a_cell_stay_two() -> None:
    assert e164("8 000 555-01-01\n8 000 555-01-02") == ["+70005550101", "+70005550102"]


@given(
    st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)),
    st.sampled_from(["", "0", "00", "7", "77"]),
    st.integers(10**6, 10**11),
)
def test_zones_kept_by_the_first_digits_are_those_of_the_whole_number(
    region: str, before: str, digits: int
) -> None:
    try:
        number = phonenumbers.parse(f"{before}{digits}", region)
    except phonenumbers.NumberParseException:
        return
    found = phone_of(f"{before}{digits}", region)
    if isinstance(found, Phone) and not found.e164.startswith(("+7000555", "+120255501")):
        whole = phonenumbers.parse(found.e164)
        zones = tuple(timezone.time_zones_for_number(whole))
        assert found.zones == possible_zones(zones, found.country)
    elif isinstance(found, NotAPhone) and found.reason == "phone_invalid":
        assert not phonenumbers.is_valid_number(number)


def test_the_table_of_zones_looks_at_no_more_digits_than_are_kept() -> None:
    assert timezone.TIMEZONE_LONGEST_PREFIX <= ZONE_DIGITS
