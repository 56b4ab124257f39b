"""Whom a provider's words are about."""

import datetime as dt
from typing import Any

import pytest

from touchstone.adapters.identity_providers import AuthenticationFailed
from touchstone.adapters.oidc import SignedIn
from touchstone.adapters.saml import Assertion, NameId
from touchstone.domains.auth.claims import ClaimNames, identity_of_assertion, identity_of_claims
from touchstone.domains.auth.model import MOST_GROUPS, Identity

NAMES = ClaimNames(name="fullname", groups="groups")
OIDC_NAMES = ClaimNames(name="name", groups="groups", email="email")


def from_assertion(name_id: str = "ada@example.test", names: ClaimNames = NAMES, **said: list[str]) -> Identity:
    end = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    return identity_of_assertion(Assertion("a1", NameId(name_id), "s1", end, said), names)


def from_claims(names: ClaimNames = OIDC_NAMES, **said: Any) -> Identity:
    known = {"sub": "u1", "email": "ada@example.test", "email_verified": True}
    return identity_of_claims(SignedIn({**known, **said}, "token"), names)


def test_an_assertion_names_who_where_and_which_session() -> None:
    identity = from_assertion(fullname=["Ada Lovelace", "ignored"], groups=["a", "b"])
    assert (identity.email, identity.name, identity.groups) == ("ada@example.test", "Ada Lovelace", ("a", "b"))
    assert (identity.subject, identity.session) == ("ada@example.test", "s1")


def test_who_has_no_name_is_called_by_his_address() -> None:
    assert from_assertion().name == "ada@example.test"
    assert from_assertion(fullname=[]).name == "ada@example.test"
    assert from_claims(name="").name == "ada@example.test"


def test_the_address_may_stand_in_an_attribute_and_the_subject_stays_the_name_id() -> None:
    names = ClaimNames(name="fullname", groups="groups", email="mail")
    identity = from_assertion("opaque", names, mail=["ada@example.test"])
    assert (identity.email, identity.subject) == ("ada@example.test", "opaque")


@pytest.mark.parametrize(
    "name_id",
    ["", "ada", "@example.test", "ada@", "a da@example.test", "ada@ex\u202eample.test", "a" * 400 + "@x.test"],
)
def test_what_is_no_address_is_nobody(name_id: str) -> None:
    with pytest.raises(AuthenticationFailed):
        from_assertion(name_id)


def test_names_lose_what_a_column_cannot_hold_or_a_page_should_not_show() -> None:
    assert from_claims(name=" Ada\u0000 \u202eLovelace\n").name == "Ada Lovelace"
    assert len(from_claims(name="x" * 5000).name) == 320


def test_groups_are_texts_each_once_and_not_without_end() -> None:
    assert from_claims(groups=["a", 5, None, "a", "b", "", "c\n"]).groups == ("a", "b")
    assert from_claims(groups="alone").groups == ("alone",)
    assert from_claims(groups={"a": 1}).groups == ()
    assert len(from_claims(groups=[str(number) for number in range(5000)]).groups) == MOST_GROUPS


@pytest.mark.parametrize("verified", [None, False, "true", 1])
def test_only_an_address_that_is_called_verified_counts(verified: object) -> None:
    with pytest.raises(AuthenticationFailed):
        from_claims(email_verified=verified)
    trusting = ClaimNames(name="name", groups="groups", email="email", is_unverified_email_enough=True)
    assert from_claims(trusting, email_verified=verified).email == "ada@example.test"
