"""Keys at work, without a database."""

import pytest
from cryptography.fernet import Fernet

from touchstone.adapters.vault import KeysUnusable, SecretUnreadable, Vault

FIRST, SECOND = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_the_first_key_encrypts_and_all_decrypt():
    before, after = Vault([FIRST]), Vault([SECOND, FIRST])
    assert after.decrypt(before.encrypt("value")) == "value"
    with pytest.raises(SecretUnreadable):
        before.decrypt(after.encrypt("value"))


def test_what_was_changed_on_the_way_is_not_read():
    vault = Vault([FIRST])
    token = bytearray(vault.encrypt("value"))
    token[20] ^= 1
    with pytest.raises(SecretUnreadable):
        vault.decrypt(bytes(token))


@pytest.mark.parametrize("keys", [["short"], [FIRST, "x" * 44], [FIRST[:-2]]])
def test_keys_of_another_form_are_refused_without_showing_them(keys):
    with pytest.raises(KeysUnusable) as caught:
        Vault(keys)
    assert keys[-1] not in str(caught.value)


def test_a_ticket_is_the_same_for_the_same_subject_and_good_for_no_other():
    vault = Vault([FIRST])
    ticket = vault.ticket("job/1")
    assert ticket == vault.ticket("job/1")
    assert vault.is_ticket(ticket, "job/1") and not vault.is_ticket(ticket, "job/2")


def test_a_ticket_outlives_the_rotation_of_keys():
    ticket = Vault([FIRST]).ticket("job/1")
    assert Vault([SECOND, FIRST]).is_ticket(ticket, "job/1")
    assert not Vault([SECOND]).is_ticket(ticket, "job/1")


@pytest.mark.parametrize("token", ["", "é", "\udc80", "0" * 64])
def test_anything_else_is_no_ticket(token):
    assert not Vault([FIRST]).is_ticket(token, "job/1")
