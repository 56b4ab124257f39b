"""Signing on, put together from the settings: sessions, providers, and what handlers ask for."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from touchstone.adapters.identity_providers import ProviderDocument, fetched, require_packages
from touchstone.adapters.oidc import OidcConfig, OidcProvider, read_discovery, read_keys
from touchstone.adapters.saml import SamlConfig, SamlProvider
from touchstone.adapters.saml_messages import read_metadata
from touchstone.assembly import Assembly
from touchstone.domains.auth.claims import ClaimNames
from touchstone.domains.auth.cookies import CookieRules
from touchstone.domains.auth.local_sign_on import LocalSignOn
from touchstone.domains.auth.model import ReturnRules, Throttle, never_throttle
from touchstone.domains.auth.oidc_sign_on import OidcSignOn
from touchstone.domains.auth.saml_sign_on import SamlSignOn
from touchstone.domains.auth.service import SessionService, SessionTimes
from touchstone.domains.auth.session_repository import SessionRepository
from touchstone.domains.auth.sign_off import SignOff
from touchstone.domains.teams.claims_repository import join_teams
from touchstone.domains.users.admission import admit
from touchstone.errors import Conflict, Unavailable
from touchstone.settings import Settings


class FileUnreadable(Conflict):
    """TOUCHSTONE_{name} names {path}, which cannot be read: {reason}"""


def sign_on_dependencies(
    parts: Assembly, forget: Callable[[], None], throttle: Throttle = never_throttle
) -> dict[str, Any]:
    """By the names that handlers use. Raises ExtraMissing and FileUnreadable for what is set up and cannot work."""
    settings = parts.settings
    returns = ReturnRules.of(settings.frontend, *settings.return_urls)
    times = SessionTimes(settings.session_idle_seconds, settings.session_seconds)
    sessions = SessionService(
        parts.database, parts.vault, times, admit=admit, join_teams=join_teams, forget=forget, throttle=throttle
    )
    saml = SamlSignOn(saml_provider(settings), sessions, _saml_names(settings))
    oidc = OidcSignOn(oidc_provider(settings), sessions, _oidc_names(settings))
    return {
        "returns": returns,
        "cookie_rules": CookieRules(https_only=settings.session_https_only, seconds=settings.session_seconds),
        "user_sessions": SessionRepository(parts.database),
        "session_service": sessions,
        "saml_sign_on": saml,
        "oidc_sign_on": oidc,
        "local_sign_on": LocalSignOn(sessions, returns, is_enabled=settings.has_local_login),
        "sign_off": SignOff(sessions, saml, oidc, returns, has_local=settings.has_local_login),
    }


def saml_provider(settings: Settings) -> SamlProvider | None:
    """None unless the provider's metadata are named."""
    source = _metadata_source(settings)
    if source is None:
        return None
    require_packages("SAML", "saml", "onelogin", "xmlsec", "lxml")
    contexts = settings.saml_authn_contexts
    config = SamlConfig(
        base_url=settings.api_url,
        entity_id=settings.saml_entity_id or settings.api_url,
        certificate=_content("SAML_CERTIFICATE_FILE", settings.saml_certificate_file),
        key=_content("SAML_KEY_FILE", settings.saml_key_file),
        authn_contexts=() if contexts == ("any",) else contexts,
    )
    return SamlProvider(config, ProviderDocument("metadata", source, read_metadata))


def oidc_provider(settings: Settings) -> OidcProvider | None:
    """None unless issuer and client are named."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    require_packages("OpenID Connect", "oidc", "authlib", "joserfc")
    secret = settings.oidc_client_secret
    config = OidcConfig(
        base_url=settings.api_url,
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=secret.reveal() if secret else "",
        scopes=settings.oidc_scopes,
        algorithms=settings.oidc_algorithms,
    )
    read = partial(read_discovery, issuer=config.issuer)
    discovery = ProviderDocument("discovery document", partial(fetched, config.discovery_url), read)

    async def key_set() -> bytes:
        return await fetched((await discovery.current()).jwks_uri)

    return OidcProvider(config, discovery, ProviderDocument("keys", key_set, read_keys))


def _metadata_source(settings: Settings) -> Callable[[], Awaitable[bytes]] | None:
    if settings.saml_metadata_url is not None:
        return partial(fetched, settings.saml_metadata_url)
    return None if settings.saml_metadata_file is None else partial(_read, settings.saml_metadata_file)


async def _read(path: Path) -> bytes:
    try:
        return await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise Unavailable(system="the identity provider", reason=f"{path}: {error.strerror}") from error


def _content(name: str, path: Path | None) -> str:
    try:
        return path.read_text("utf-8") if path else ""
    except (OSError, ValueError) as error:
        raise FileUnreadable(name=name, path=path, reason=type(error).__name__) from error


def _saml_names(settings: Settings) -> ClaimNames:
    return ClaimNames(settings.saml_name_attribute, settings.saml_groups_attribute, settings.saml_email_attribute)


def _oidc_names(settings: Settings) -> ClaimNames:
    return ClaimNames(
        settings.oidc_name_claim,
        settings.oidc_groups_claim,
        settings.oidc_email_claim,
        settings.oidc_unverified_email,
    )
