"""Whom a provider's words are about. What is odd is refused here, before it reaches a table."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec

from touchstone.adapters.identity_providers import AuthenticationFailed
from touchstone.adapters.oidc import SignedIn
from touchstone.adapters.saml import Assertion
from touchstone.domains.auth.model import LONGEST_TEXT, MOST_GROUPS, Identity, SeenAssertion


class ClaimNames(msgspec.Struct, frozen=True):
    """How a provider names things; no `email`: the NameID is it. Unverified addresses count only when said."""

    name: str
    groups: str
    email: str | None = None
    is_unverified_email_enough: bool = False


def identity_of_assertion(assertion: Assertion, names: ClaimNames) -> Identity:
    """Raises AuthenticationFailed."""
    said = assertion.attributes
    email = assertion.name_id.value if names.email is None else _first(said.get(names.email))
    return Identity(
        method="saml",
        email=email_address(email),
        name=_first(said.get(names.name)) or email,
        groups=group_names(said.get(names.groups, ())),
        subject=assertion.name_id.value,
        session=assertion.session_index,
        details={"name_id": msgspec.to_builtins(assertion.name_id), "session": assertion.session_index},
        assertion=SeenAssertion(assertion.id, assertion.expires_at),
    )


def identity_of_claims(signed_in: SignedIn, names: ClaimNames) -> Identity:
    """Raises AuthenticationFailed."""
    said = signed_in.claims
    if said.get("email_verified") is not True and not names.is_unverified_email_enough:
        raise AuthenticationFailed(reason="the provider does not call the e-mail address verified")
    email = email_address(_text(said, names.email or "email"))
    return Identity(
        method="oidc",
        email=email,
        name=plain(_text(said, names.name)) or email,
        groups=group_names(_list(said, names.groups)),
        subject=_text(said, "sub"),
        session=_text(said, "sid") or None,
        details={"id_token": signed_in.id_token},
    )


def email_address(text: str) -> str:
    """Raises AuthenticationFailed unless it looks like one."""
    email = plain(text)
    local, _, domain = email.rpartition("@")
    if email != text.strip() or not local or not domain or any(one.isspace() for one in email):
        raise AuthenticationFailed(reason="there is no usable e-mail address")
    return email


def plain(text: str) -> str:
    """Without what a column cannot hold or a page should not show."""
    return "".join(one for one in text if one.isprintable()).strip()[:LONGEST_TEXT]


def group_names(given: Iterable[str]) -> tuple[str, ...]:
    """In the order given, each once."""
    return tuple(dict.fromkeys(name for one in given if (name := plain(one)) and name == one))[:MOST_GROUPS]


def _first(values: list[str] | None) -> str:
    return plain(values[0]) if values else ""


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _list(claims: Mapping[str, Any], name: str) -> list[str]:
    value: object = claims.get(name)
    if isinstance(value, str):
        return [value]
    return [one for one in cast("list[object]", value) if isinstance(one, str)] if isinstance(value, list) else []
