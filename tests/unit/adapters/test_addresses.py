import ipaddress

import pytest

from touchstone.adapters.addresses import is_callable

PUBLIC = "8.8.8.8 2001:4860:4860::8888 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::"
PRIVATE = (
    "127.0.0.1 127.8.9.10 10.0.0.1 172.16.0.1 192.168.1.1 100.64.0.1 198.18.0.1 203.0.113.1 240.0.0.1 ::1 fc00::1 "
    "fec0::1 ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: ::7f00:1 2001:db8::1"
)
NEVER = (
    "169.254.169.254 169.254.0.1 100.100.100.200 168.63.129.16 192.0.0.192 fe80::1 fd00:ec2::254 "
    "::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 0.0.0.0 :: 224.0.0.1 ff02::1 255.255.255.255"
)


@pytest.mark.parametrize("text", PUBLIC.split())
def test_public_addresses_may_be_called(text: str) -> None:
    assert is_callable(ipaddress.ip_address(text), allow_private=False)


@pytest.mark.parametrize("text", PRIVATE.split())
def test_private_addresses_may_be_called_only_where_it_is_allowed(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert not is_callable(address, allow_private=False)
    assert is_callable(address, allow_private=True)


@pytest.mark.parametrize("text", NEVER.split())
def test_metadata_and_addresses_of_many_machines_are_never_called(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert not is_callable(address, allow_private=False)
    assert not is_callable(address, allow_private=True)
