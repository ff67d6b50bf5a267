"""Where a webhook may point, and which addresses are doors of the house itself."""

import ipaddress

import pytest

from vyzov.core.webhook_url import URL_LETTERS_MOST, is_public, url_faults


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "::", "::1", "fe80::1",
        "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::a00:1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:db8::1",
    ],
)  # fmt: skip
def test_an_address_inside_the_house_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"]
)
def test_an_address_of_the_open_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "https://crm.example.org/in?key=1", "https://crm.example.org:8443/", "https://93.184.216.34/",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/x",
    ],
)  # fmt: skip
def test_an_address_on_the_internet_may_be_used(url: str) -> None:
    assert url_faults(url, private=False) == ()


@pytest.mark.parametrize(
    "url",
    [
        "", "crm.example.org", "ftp://crm.example.org/", "file:///etc/passwd", "http://crm.example.org/",
        "https://", "https:///path", "https://user@crm.example.org/", "https://u:p@crm.example.org/",
        "https://crm.example.org/#x", "https://crm.example.org:0/", "https://crm.example.org:99999/",
        "https://[::1/", "https://crm.example.org/a b", "https://crm.example.org/\r\nx", "https://127.0.0.1/",
        "https://[::1]:8443/", "https://срм.example/",
    ],
)  # fmt: skip
def test_what_may_not_be_used_says_so(url: str) -> None:
    [fault] = url_faults(url, private=False)
    assert (fault.field, fault.reason) == ("url", "web_address")


def test_an_endless_address_is_too_long() -> None:
    [fault] = url_faults("https://crm.example.org/" + "x" * URL_LETTERS_MOST, private=False)
    assert fault.reason == "too_long"


def test_a_house_that_permits_private_receivers_may_name_them_and_do_without_tls() -> None:
    assert url_faults("http://127.0.0.1:9000/in", private=True) == ()
    assert url_faults("https://10.0.0.7/in", private=True) == ()
