"""A job connects to no address of machine metadata, whatever name or spelling leads there."""

import ipaddress
import socket

import pytest

from touchstone.adapters import addresses as addresses_of_the_service
from touchstone_jobs import addresses
from touchstone_jobs.addresses import AddressRefused, checked_socket
from touchstone_jobs.chat import Chat
from touchstone_jobs.completions import Endpoint
from touchstone_jobs.failures import JobFailure

METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
]


def entry(address: str) -> tuple:
    if ":" in address:
        return (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, 80, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))


@pytest.mark.parametrize("address", METADATA)
def test_no_socket_is_made_for_an_address_of_metadata(address: str) -> None:
    with pytest.raises(AddressRefused):
        checked_socket(entry(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "8.8.8.8", "::1", "2606:4700::1", "fd12::1"])
def test_other_addresses_private_ones_too_may_be_called(address: str) -> None:
    assert not addresses.is_metadata(ipaddress.ip_address(address))


def test_the_service_and_the_cluster_refuse_the_same() -> None:
    assert addresses_of_the_service.METADATA_NETWORKS == addresses.METADATA_NETWORKS
    for address in METADATA:
        assert addresses_of_the_service.is_metadata(ipaddress.ip_address(address.partition("%")[0]))


@pytest.mark.parametrize("found", [["169.254.169.254"], ["fe80::1", "169.254.169.254"], ["::ffff:169.254.169.254"]])
async def test_a_name_that_leads_to_metadata_ends_the_job_and_says_so(
    monkeypatch: pytest.MonkeyPatch, found: list[str]
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [entry(address) for address in found])
    monkeypatch.setattr(socket, "getnameinfo", lambda address, _: (address[0], str(address[1])))
    with pytest.raises(JobFailure) as failed:
        await ask("http://harmless.example.org/v1")
    assert failed.value.code == "endpoint_refused"
    assert str(failed.value) == "Jobs may not call harmless.example.org: it is an address of machine metadata."


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]"])
async def test_so_does_the_address_itself(host: str) -> None:
    with pytest.raises(JobFailure) as failed:
        await ask(f"http://{host}/v1")
    assert failed.value.code == "endpoint_refused"


async def ask(base_url: str) -> None:
    async with Chat(Endpoint("openai", base_url, "a model"), 1) as chat:
        await chat.complete([{"role": "user", "content": "Hello"}], {})
