import httpx
import pytest

from touchstone.http.edge import EdgeSettings
from touchstone.http.proxies import TrustedProxies

PROXY = "10.0.0.1"
BEHIND = EdgeSettings(trusted_proxies=("10.0.0.0/8", "fd00::/8"), allowed_hosts=("localhost", "api.example.org"))


async def seen(client: httpx.AsyncClient, headers: dict[str, str]) -> tuple[str, str]:
    """Client and URL as the handler sees them."""
    answer = (await client.get("/v1/things/7", headers=headers)).json()
    return answer["client"], answer["url"]


async def test_nobody_is_believed_by_default(client: httpx.AsyncClient):
    said = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "api.example.org"}
    assert await seen(client, said) == ("203.0.113.9", "http://localhost/api/v1/things/7")


async def test_a_peer_outside_the_networks_is_not_believed(client_of):
    async with client_of(BEHIND) as client:
        assert (await seen(client, {"X-Forwarded-For": "1.2.3.4"}))[0] == "203.0.113.9"


async def test_a_trusted_proxy_names_client_scheme_and_host(client_of):
    said = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "api.example.org"}
    async with client_of(BEHIND, peer=PROXY) as client:
        assert await seen(client, said) == ("1.2.3.4", "https://api.example.org/api/v1/things/7")


async def test_a_trusted_proxy_may_speak_the_standard(client_of):
    said = {"Forwarded": 'for="[2001:db8::7]:4711";proto=https;host=api.example.org, for=10.0.0.2'}
    async with client_of(BEHIND, peer=PROXY) as client:
        assert await seen(client, said) == ("2001:db8::7", "https://api.example.org/api/v1/things/7")


@pytest.mark.parametrize(
    ("chain", "client_address"),
    [
        ("6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("1.2.3.4:5678", "1.2.3.4"),
        ("6.6.6.6, nonsense", PROXY),
        ("unknown", PROXY),
        ("", PROXY),
        (", ".join(["1.1.1.1"] * 5000 + ["1.2.3.4"]), "1.2.3.4"),
    ],
)
async def test_of_a_chain_counts_the_last_address_that_a_trusted_proxy_saw(client_of, chain: str, client_address: str):
    async with client_of(BEHIND, peer=PROXY) as client:
        assert (await seen(client, {"X-Forwarded-For": chain}))[0] == client_address


async def test_each_proxy_may_add_a_scheme_of_its_own(client_of):
    said = {"X-Forwarded-For": "1.2.3.4, 10.0.0.2", "X-Forwarded-Proto": "https, http"}
    async with client_of(BEHIND, peer=PROXY) as client:
        assert (await seen(client, said))[1].startswith("https://")


async def test_two_stories_are_both_disbelieved(client_of):
    said = {"X-Forwarded-For": "1.2.3.4", "Forwarded": "for=6.6.6.6"}
    async with client_of(BEHIND, peer=PROXY) as client:
        assert (await seen(client, said))[0] == PROXY


@pytest.mark.parametrize(
    "said",
    [
        {"Forwarded": 'for="1.2.3.4'},
        {"Forwarded": "for 1.2.3.4"},
        {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "gopher", "X-Forwarded-Host": "a b"},
    ],
)
async def test_nonsense_changes_neither_scheme_nor_host(client_of, said: dict[str, str]):
    async with client_of(BEHIND, peer=PROXY) as client:
        assert (await seen(client, said))[1] == "http://localhost/api/v1/things/7"


async def test_a_forwarded_host_must_be_allowed_too(client_of):
    async with client_of(BEHIND, peer=PROXY) as client:
        said = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Host": "evil.example"}
        assert (await client.get("/v1/things", headers=said)).status_code == 400


async def test_a_mapped_address_is_the_address(client_of):
    async with client_of(BEHIND, peer="::ffff:10.0.0.1") as client:
        assert (await seen(client, {"X-Forwarded-For": "1.2.3.4"}))[0] == "1.2.3.4"


def test_networks_must_be_networks():
    with pytest.raises(ValueError, match="not-a-network"):
        TrustedProxies(["not-a-network"])
