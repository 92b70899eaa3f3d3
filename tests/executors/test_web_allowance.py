"""Where the browser may go is decided by name and by the address that the name means."""

import ipaddress
from pathlib import Path

import pytest

from scheduler.core.site_book import SiteBook
from scheduler.core.sites import SiteProfile
from scheduler.executors.web_allowance import Allowance, Domain, Origin, origin_of
from tests.support.sites import portals, put_sites

SITES = portals(
    {"Portal": "https://portal.example.com/app", "Test Portal": "http://127.0.0.1:8080", "Müller": "https://m.test"}
)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Portal.Example.com./x", Origin("portal.example.com", 443)),
        ("ws://portal.test:81/x", Origin("portal.test", 81)),
        ("http://müller.test/", Origin("xn--mller-kva.test", 80)),
        ("http://[::1]:8080/", Origin("::1", 8080)),
        ("https://user:pass@portal.test/", Origin("portal.test", 443)),
        ("file:///etc/passwd", None),
        ("chrome://version", None),
        ("http://", None),
        ("http://a:99999/", None),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(url: str, origin: Origin | None) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("entry", "url", "covered"),
    [
        ("example.com", "https://example.com/", True),
        ("example.com", "http://example.com/", True),
        ("example.com", "https://example.com:8443/", False),
        ("example.com", "https://www.example.com/", False),
        ("example.com", "https://evilexample.com/", False),
        ("*.example.com", "https://a.b.example.com/", True),
        ("*.example.com", "https://example.com/", False),
        ("*.example.com", "https://evilexample.com/", False),
        ("example.com:8443", "https://example.com:8443/", True),
        ("example.com:8443", "https://example.com/", False),
        ("example.com:*", "http://example.com:81/", True),
        ("[::1]:8080", "http://[::1]:8080/", True),
        ("*", "http://anything.test:81/", True),
    ],
)
def test_an_entry_covers_what_it_says(entry: str, url: str, *, covered: bool) -> None:
    origin = origin_of(url)
    assert origin is not None
    assert Allowance(domains=(entry,)).covers(origin) is covered


@pytest.mark.parametrize("entry", ["", "example.com/path", "a@example.com", "https://example.com", "ex*mple.com"])
def test_what_is_no_domain_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match=r"like example\.com|port"):
        Domain.parse(entry)


@pytest.mark.parametrize(
    ("url", "covered"),
    [
        ("http://portal.example.com/", True),
        ("https://portal.example.com:444/", False),
        ("http://127.0.0.1:8080/x", True),
        ("http://127.0.0.1/x", False),
        ("https://other.test/", False),
    ],
)
def test_a_site_is_allowed_by_its_address(url: str, *, covered: bool) -> None:
    origin = origin_of(url)
    assert origin is not None
    assert Allowance(sites=SITES).covers(origin) is covered


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)  # fmt: skip
def test_a_name_may_not_mean_a_private_address(address: str) -> None:
    assert not Allowance(domains=("*", "portal.test")).reaches("portal.test", ipaddress.ip_address(address))


def test_a_public_address_may_be_reached() -> None:
    for address in ("93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"):
        assert Allowance(domains=("portal.test",)).reaches("portal.test", ipaddress.ip_address(address))


def test_a_private_address_is_reached_when_it_is_named_or_its_network_is_allowed() -> None:
    ten = ipaddress.ip_address("10.0.0.7")
    loopback = ipaddress.ip_address("127.0.0.1")

    assert Allowance(domains=("intranet.test",), networks=(ipaddress.ip_network("10.0.0.0/8"),)).reaches(
        "intranet.test", ten
    )
    assert Allowance(domains=("10.0.0.7",)).reaches("10.0.0.7", ten)
    assert Allowance(sites=SITES).reaches("127.0.0.1", loopback)
    assert Allowance(domains=("localhost:*",)).reaches("localhost", loopback)
    assert not Allowance(domains=("localhost:*",)).reaches("localhost", ten)
    assert not Allowance(domains=("*",)).reaches("10.0.0.7", ten)


@pytest.mark.parametrize(
    ("secret", "url", "trusted"),
    [
        ("portal.password", "https://portal.example.com/login", True),
        ("portal.password", "http://127.0.0.1:8080/login", False),
        ("test-portal.password", "http://127.0.0.1:8080/login", True),
        ("mueller.password", "https://m.test/", True),
        ("portal.password", "https://login.example.net/", True),
        ("unknown.password", "https://portal.example.com/", False),
        ("unknown.password", "https://login.example.net/", True),
        ("portal.password", "https://elsewhere.test/", False),
    ],
)
def test_a_secret_belongs_to_its_portal_and_to_domains_that_are_listed(secret: str, url: str, *, trusted: bool) -> None:
    origin = origin_of(url)
    assert origin is not None
    assert Allowance(sites=SITES, domains=("login.example.net", "*")).trusts(secret, origin) is trusted


def test_a_portal_counts_from_the_moment_it_is_set_up(tmp_path: Path) -> None:
    book = SiteBook((tmp_path,))
    allowance = Allowance(sites=lambda: [site.profile for site in book.sites.values()])
    portal, secret = Origin("127.0.0.1", 8080), "test-portal.password"
    assert not allowance.covers(portal)

    put_sites(tmp_path, {"Test Portal": "http://127.0.0.1:8080"})
    assert allowance.covers(portal)
    assert allowance.trusts(secret, portal)
    assert allowance.reaches("127.0.0.1", ipaddress.ip_address("127.0.0.1"))

    put_sites(tmp_path, {"Test Portal": "http://127.0.0.1:18080"})
    assert not allowance.covers(portal)
    assert not allowance.trusts(secret, portal)


def test_the_domains_of_a_profile_and_what_is_below_them_are_its_own() -> None:
    profile = SiteProfile(
        name="Portal", url="https://shop.example.com", domains=("shop.example.com", "sso.example.net"), secrets="shop"
    )
    allowance = Allowance(sites=lambda: [profile])

    for host in ("shop.example.com", "sso.example.net", "eu.sso.example.net"):
        assert allowance.covers(Origin(host, 443))
        assert allowance.trusts("shop.password", Origin(host, 443))
    assert not allowance.covers(Origin("example.net", 443))
    assert not allowance.covers(Origin("sso.example.net", 8443))
    assert not allowance.trusts("portal.password", Origin("shop.example.com", 443))
