"""URLs, e-mail addresses and networks: one spelling each, their fields, and networks as sets."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.capabilities.networks import Network, refused_address
from governance.capabilities.values import Type, Value, field_of

URL, EMAIL, CIDR = Type("Url"), Type("Email"), Type("Cidr")
URL_WITHIN, EMAIL_WITHIN = Type("Url", within="example.org"), Type("Email", within="example.org")
CIDR_WITHIN = Type("Cidr", within="10.0.0.0/8")


def same(kind: Type, *texts: str) -> list[tuple[Type, object, Value]]:
    return [(kind, text, text) for text in texts]


CANONICAL: list[tuple[Type, object, Value]] = [
    *same(
        URL,
        "https://example.org/",
        "http://example.org:8080/a/b/",
        "http://example.org:443/",
        "https://example.org:80/",
        "https://example.org:65535/",
        "https://example.org/a.b/..c/...",
        "https://example.org/a;b=1/c,d:e@f",
        "https://example.org/%E2%82%AC%20%3F%23",
        "https://example.org/?a=1&b=%26%3D%2B&c%5B%5D",
        "https://example.org/?a/b?c",
        "https://xn--bcher-kva.example.org/",
        "https://example.org/?" + "a" * (2048 - 21),
    ),
    *same(URL_WITHIN, "https://example.org/", "https://api.example.org/x"),
    *same(
        EMAIL,
        "a@b",
        "ann@example.org",
        "Ann.Lee+x@example.org",
        "-rf@example.org",
        "!#$%&'*+/=?^_`{|}~-@example.org",
        "a" * 64 + "@example.org",
    ),
    *same(EMAIL_WITHIN, "a@example.org", "a@x.example.org"),
    *same(CIDR, "10.0.0.0/8", "0.0.0.0/0", "10.0.0.1", "2001:db8::/32", "::/0", "::1", "::/96"),
    *same(CIDR, "2001:db8::1:0:0:1", "::102:304"),
    *same(CIDR_WITHIN, "10.0.0.0/8", "10.255.0.0/16", "10.0.0.1"),
]

BEGINS = "a URL begins with https:// or http://, in lower case"
LABELS = "a host is lower-case labels of letters, digits and hyphens between dots"
DOTS = "the path of a URL has no `.` and no `..`; write where it leads to"
ASCII = "holds only the ASCII characters of RFC 3986"
CONTROL = "no escape of a URL stands for a control character"
NETWORK = "this is no network; write it like 10.0.0.0/8 or 2001:db8::/32"
REFUSED: list[tuple[Type, object, str]] = [
    (URL, 1, "a whole number is no Url"),
    (URL, "", BEGINS),
    (URL, "example.org", BEGINS),
    (URL, "//example.org/", BEGINS),
    (URL, "HTTP://example.org/", BEGINS),
    (URL, "ftp://example.org/", BEGINS),
    (URL, "file:///etc/passwd", BEGINS),
    (URL, "javascript:alert(1)", BEGINS),
    (URL, " https://example.org/", BEGINS),
    (URL, "https:/example.org/", BEGINS),
    (URL, "https:\\\\example.org/", BEGINS),
    (URL, "https:///a", LABELS),
    (URL, "https://Example.org/", LABELS),
    (URL, "https://example.org./", LABELS),
    (URL, "https://b\u00fccher.example.org/", LABELS),
    (URL, "https://example\u3002org/", LABELS),
    (URL, "https://example.org\\@evil.example/", "a URL names no user"),
    (URL, "https://example.org\\.evil.example/", LABELS),
    (URL, "https://example.org\t/", LABELS),
    (URL, "https://exam%70le.org/", LABELS),
    (URL, "http://a@b/", "a URL names no user; leave out what stands before the @"),
    (URL, "http://a:b@example.org/", "a URL names no user"),
    (URL, "http://@example.org/", "a URL names no user"),
    (URL, "http://example.org@/", "a URL names no user"),
    (URL, "http://[::1]/", "an address is no host name"),
    (URL, "http://[::ffff:127.0.0.1]:80/", "an address is no host name"),
    (URL, "http://127.0.0.1/", "an address is no host name"),
    (URL, "http://0x7f.1/", "an address is no host name"),
    (URL, "http://2130706433/", "an address is no host name"),
    (URL, "http://example.org:80/", "80 is the port of http anyway; leave out :80"),
    (URL, "https://example.org:443/", "443 is the port of https anyway"),
    (URL, "http://example.org:/", "a port is a whole number between 1 and 65535"),
    (URL, "http://example.org:0/", "a port is"),
    (URL, "http://example.org:080/", "a port is"),
    (URL, "http://example.org:65536/", "a port is"),
    (URL, "http://example.org:99999999/", "a port is"),
    (URL, "http://example.org:\uff18\uff10/", "a port is"),
    (URL, "http://example.org:80:80/", "a port is"),
    (URL, "http://example.org", "the path of a URL is never empty; write / after the host"),
    (URL, "http://example.org?a=1", "the path of a URL is never empty"),
    (URL, "http://example.org/#a", "a URL has no fragment here; leave out the # and what follows"),
    (URL, "http://example.org/a#", "a URL has no fragment here"),
    (URL, "http://example.org#@evil.example/", "a URL has no fragment here"),
    (URL, "http://example.org/./a", DOTS),
    (URL, "http://example.org/a/../b", DOTS),
    (URL, "http://example.org/..", DOTS),
    (URL, "http://example.org/a/.", DOTS),
    (URL, "http://example.org/..;/admin", DOTS),
    (URL, "http://example.org/.;x", DOTS),
    (URL, "http://example.org//a", "the path of a URL has no doubled slash"),
    (URL, "http://example.org/a//", "the path of a URL has no doubled slash"),
    (URL, "http://example.org/%2e%2e/a", "after % stand two digits, of 0-9 and A-F"),
    (URL, "http://example.org/%2E%2E/a", "%2E is not needed or hides a separator; write ."),
    (URL, "http://example.org/.%2E", "%2E is not needed"),
    (URL, "http://example.org/%61", "%61 is not needed or hides a separator; write a"),
    (URL, "http://example.org/%7E", "%7E is not needed"),
    (URL, "http://example.org/a%2Fb", "%2F is not needed or hides a separator; write /"),
    (URL, "http://example.org/a%5Cb", "%5C hides what it stands for; leave it out"),
    (URL, "http://example.org/admin%28x%29", "%28 is not needed"),
    (URL, "http://example.org/a%3Bb", "%3B is not needed"),
    (URL, "http://example.org/?a=%2F", "%2F is not needed"),
    (URL, "http://example.org/?a=%5C", "%5C hides what it stands for"),
    (URL, "http://example.org/%", "after % stand two digits"),
    (URL, "http://example.org/%4", "after % stand two digits"),
    (URL, "http://example.org/%GG", "after % stand two digits"),
    (URL, "http://example.org/%u0041", "after % stand two digits"),
    (URL, "http://example.org/%e2%82%ac", "after % stand two digits"),
    (URL, "http://example.org/%00", CONTROL),
    (URL, "http://example.org/a%0D%0AHost:b", CONTROL),
    (URL, "http://example.org/?%0A", CONTROL),
    (URL, "http://example.org/%7F", CONTROL),
    (URL, "http://example.org/%C2%85", CONTROL),
    (URL, "http://example.org/%C0%AE", "the escapes of a URL are those of UTF-8"),
    (URL, "http://example.org/%FF", "the escapes of a URL are those of UTF-8"),
    (URL, "http://example.org/%ED%A0%80", "the escapes of a URL are those of UTF-8"),
    (URL, "http://example.org/\u20ac", ASCII),
    (URL, "http://example.org/\uff0e\uff0e/", ASCII),
    (URL, "http://example.org/\u202e", ASCII),
    (URL, "http://example.org/a b", ASCII),
    (URL, "http://example.org/a\n", ASCII),
    (URL, "http://example.org/a\\b", ASCII),
    (URL, "http://example.org/a\x00", ASCII),
    (URL, 'http://example.org/"', ASCII),
    (URL, "http://example.org/[", ASCII),
    (URL, "http://example.org/?\u20ac", ASCII),
    (URL, "http://example.org/? ", ASCII),
    (URL, "http://example.org/?[", ASCII),
    (URL, "http://example.org/?", "the query is empty; leave out the ?"),
    (URL, "http://example.org/%252E%252E/", "%25 hides what it stands for; leave it out"),
    (URL, "http://example.org/?%2525", "%25 hides what it stands for"),
    (URL, "http://example.org/" + "a/" * 1100, "a URL has at most 2048 characters"),
    (URL_WITHIN, "https://badexample.org/", "it is not within example.org"),
    (URL_WITHIN, "https://example.org.evil.example/", "it is not within example.org"),
    (URL_WITHIN, "https://evil.example/?example.org/", "it is not within example.org"),
    (EMAIL, ("a@b",), "a list is no Email"),
    (EMAIL, "", "a mail address is written like ann@example.org"),
    (EMAIL, "ann", "a mail address is written like ann@example.org"),
    (EMAIL, "@example.org", "before the @ stand 1 to 64"),
    (EMAIL, "a" * 65 + "@b", "before the @ stand 1 to 64"),
    (EMAIL, "a b@example.org", "before the @ stand"),
    (EMAIL, '"a b"@example.org', "before the @ stand"),
    (EMAIL, "Ann <ann@example.org>", "before the @ stand"),
    (EMAIL, "ann(x)@example.org", "before the @ stand"),
    (EMAIL, "a,b@example.org", "before the @ stand"),
    (EMAIL, "\u0430nn@example.org", "before the @ stand"),
    (EMAIL, "ann\u202e@example.org", "before the @ stand"),
    (EMAIL, "ann\n@example.org", "before the @ stand"),
    (EMAIL, ".a@b", "before the @ no dot is first, last or doubled"),
    (EMAIL, "a.@b", "before the @ no dot"),
    (EMAIL, "a..b@b", "before the @ no dot"),
    (EMAIL, "a@b@c", LABELS),
    (EMAIL, "a@", LABELS),
    (EMAIL, "a@Example.org", LABELS),
    (EMAIL, "a@example.org.", LABELS),
    (EMAIL, "a@example.org\n", LABELS),
    (EMAIL, "a@b, c@d", LABELS),
    (EMAIL, "a@b\nBcc: c@d", LABELS),
    (EMAIL, "a@[127.0.0.1]", LABELS),
    (EMAIL, "a@127.0.0.1", "an address is no host name"),
    (EMAIL, "a" * 64 + "@" + "b." * 95 + "org", "a mail address has at most 254 characters"),
    (EMAIL_WITHIN, "a@badexample.org", "it is not within example.org"),
    (EMAIL_WITHIN, "example.org@evil.example", "it is not within example.org"),
    (CIDR, 1, "a whole number is no Cidr"),
    (CIDR, "", NETWORK),
    (CIDR, "example.org", NETWORK),
    (CIDR, "10.0.0.0/8 ", NETWORK),
    (CIDR, "10.0.0.0/8\n", NETWORK),
    (CIDR, "10.0.0.0/", NETWORK),
    (CIDR, "10.0.0.0/08", "the canonical spelling is 10.0.0.0/8"),
    (CIDR, "10.0.0.0/+8", NETWORK),
    (CIDR, "10.0.0.0/255.0.0.0", "the canonical spelling is 10.0.0.0/8"),
    (CIDR, "10.0.0.0/\uff18", NETWORK),
    (CIDR, "\u0661\u0660.0.0.0/8", NETWORK),
    (CIDR, "0x7f.1", NETWORK),
    (CIDR, "fe80::1%eth0", NETWORK),
    (CIDR, "2001:DB8::/32", "the canonical spelling is 2001:db8::/32"),
    (CIDR, "[::1]", NETWORK),
    (CIDR, "1" * 5000, NETWORK),
    (CIDR, "10.0.0.0/33", NETWORK),
    (CIDR, "::/129", NETWORK),
    (CIDR, "127.1", NETWORK),
    (CIDR, "2130706433", NETWORK),
    (CIDR, "010.0.0.1", NETWORK),
    (CIDR, "256.0.0.1", NETWORK),
    (CIDR, "1::2::3", NETWORK),
    (CIDR, "10.0.0.1/8", "the canonical spelling is 10.0.0.0/8"),
    (CIDR, "2001:db8::1/32", "the canonical spelling is 2001:db8::/32"),
    (CIDR, "2001:0db8::/32", "spelling is 2001:db8::/32"),
    (CIDR, "0:0:0:0:0:0:0:1", "spelling is ::1"),
    (CIDR, "1:0:0:2:0:0:0:3", "spelling is 1:0:0:2::3"),
    (CIDR, "::1.2.3.4", "spelling is ::102:304"),
    (CIDR, "10.0.0.1/32", "the canonical spelling is 10.0.0.1"),
    (CIDR, "::1/128", "the canonical spelling is ::1"),
    (CIDR, "::ffff:127.0.0.1", "an IPv4 address is not written as IPv6; write 127.0.0.1"),
    (CIDR, "::ffff:7f00:1", "write 127.0.0.1"),
    (CIDR, "::ffff:10.0.0.0/104", "write 10.0.0.0/8"),
    (CIDR_WITHIN, "11.0.0.0/8", "it is not within 10.0.0.0/8"),
    (CIDR_WITHIN, "8.0.0.0/5", "it is not within 10.0.0.0/8"),
    (CIDR_WITHIN, "::a00:0/104", "it is not within 10.0.0.0/8"),
]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("https://example.org/", ("https", "example.org", 443, "/", "")),
        ("http://a.b:8080/c/d/?e=%26", ("http", "a.b", 8080, "/c/d/", "e=%26")),
        ("http://a/?://b/c?d", ("http", "a", 80, "/", "://b/c?d")),
    ],
)
def test_url_has_fields(text: str, fields: tuple[Value, ...]) -> None:
    names = ("scheme", "host", "port", "path", "query")
    assert tuple(field_of(text, URL, name) for name in names) == fields
    for name, value in zip(names, fields, strict=True):
        kind = URL.field(name)
        assert kind is not None
        assert kind.check(value) == value
    assert URL.field_names == names
    assert URL.field("user") is None


@pytest.mark.parametrize("text", [str(text) for kind, text, _ in CANONICAL if kind.name == "Url"])
def test_fields_of_a_url_are_canonical_and_make_it_up(text: str) -> None:
    values = {name: field_of(text, URL, name) for name in ("scheme", "host", "port", "path", "query")}
    for name, value in values.items():
        kind = URL.field(name)
        assert kind is not None
        assert kind.check(value) == value
    port = (
        "" if (values["scheme"], values["port"]) in (("http", 80), ("https", 443)) else f":{values['port']}"
    )
    query = f"?{values['query']}" if values["query"] else ""
    assert text == f"{values['scheme']}://{values['host']}{port}{values['path']}{query}"


def test_email_has_fields() -> None:
    assert field_of("Ann.Lee@example.org", EMAIL, "local") == "Ann.Lee"
    assert field_of("Ann.Lee@example.org", EMAIL, "domain") == "example.org"
    assert EMAIL.field_names == ("local", "domain")
    assert EMAIL.field("domain") == Type("Host")
    assert EMAIL.field("host") is None


def test_other_types_have_no_fields() -> None:
    assert Type("Host").field_names == ()
    with pytest.raises(ValueError, match="a Host has no field label"):
        field_of("example.org", Type("Host"), "label")


networks = st.one_of(
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)),
    st.tuples(st.integers(2**48, 2**128 - 1), st.integers(0, 128)),
).map(lambda pair: ip_network(pair, strict=False))
near = st.tuples(st.integers(0, 255), st.integers(24, 32)).map(
    lambda pair: ip_network((0x0A000000 + pair[0], pair[1]), strict=False)
)


def written(network: object) -> str:
    """Return a network as it is spelt: one address without its prefix."""
    return str(network).removesuffix("/32" if "." in str(network) else "/128")


@given(networks)
def test_network_is_read_as_it_is_written(network: object) -> None:
    text = written(network)
    assert CIDR.check(text) == text
    assert str(Network.of(text)) == text


@given(near, near)
def test_networks_hold_and_meet_as_sets_of_addresses(left: object, right: object) -> None:
    one, other = set(map(str, left)), set(map(str, right))  # type: ignore[call-overload]
    mine, theirs = Network.of(written(left)), Network.of(written(right))
    assert mine.within(theirs) is (one <= other)
    assert mine.meets(theirs) is bool(one & other)
    assert all(Network.of(address).within(mine) for address in one)


def test_networks_of_different_versions_never_meet() -> None:
    four, six = Network.of("0.0.0.0/0"), Network.of("::/0")
    assert not four.meets(six)
    assert not four.within(six)
    assert not six.meets(four)
    assert not six.within(four)


def test_long_texts_are_refused_at_once() -> None:
    for kind in (URL, EMAIL, CIDR):
        for text in ("a" * 1_000_000, "http://a/" + "%2E" * 500_000, "a@" + "b." * 500_000, ":" * 1_000_000):
            with pytest.raises(ValueError):  # noqa: PT011 - any reason will do
                kind.check(text)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "0.0.0.0",  # noqa: S104
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
        ),
        *(
            "127.0.0.1",
            "127.255.0.1",
            "168.63.129.16",
            "169.254.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
        ),
        *(
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
        ),
        *("203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *(
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:8.8.8.8",
            "::ffff:0:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "64:ff9b:1::1",
            "100::1",
        ),
        *(
            "2001::1",
            "2001:0:808:808::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:808:808::1",
            "3fff::1",
            "4000::1",
            "5f00::1",
        ),
        *(
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fe80::1%eth0",
            "2606:4700::1%1",
            "fec0::1",
            "ff02::1",
            "ffff::1",
        ),
        *(
            "",
            "example.org",
            "1.1.1",
            "01.1.1.1",
            "1.1.1.1/32",
            "0x7f000001",
            "2130706433",
            "1.1.1.1 ",
            "[::1]",
        ),
    ],
)
def test_no_rule_lets_a_sandbox_reach_an_address_that_is_not_public(address: str) -> None:
    assert refused_address(address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "93.184.216.34",
            "100.63.255.255",
            "100.128.0.0",
        ),
        *("126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0"),
        *("192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255"),
        *("2001:200::1", "2001:4860:4860::8888", "2606:4700:4700::1111", "2a00::1", "3ffe:ffff::1"),
    ],
)
def test_public_addresses_may_be_reached(address: str) -> None:
    assert refused_address(address) is None


@given(st.ip_addresses())
def test_the_floor_is_no_higher_than_what_python_calls_private(address: IPv4Address | IPv6Address) -> None:
    """Whatever the standard library knows to be special is refused here too."""
    if address.is_private or address.is_multicast or address.is_reserved or address.is_loopback:
        assert refused_address(str(address))
