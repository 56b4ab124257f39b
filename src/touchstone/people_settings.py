"""The settings about people and machines: who may call, how they sign in, how long that lasts."""

from pathlib import Path
from typing import Annotated

from touchstone.limit_settings import LimitSettings
from touchstone.setting_values import Secret, file, flag, names, permissions, secret, text, url, whole_number

PASSWORD_OVER_TLS = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"  # noqa: S105 -- a word of SAML

PEOPLE_NEEDS = {
    "saml_certificate_file": "saml_key_file",
    "saml_key_file": "saml_certificate_file",
    "oidc_issuer": "oidc_client_id",
    "oidc_client_id": "oidc_issuer",
    "oidc_client_secret": "oidc_client_id",
    "local_login_anywhere": "local_login",
}


class PeopleSettings(LimitSettings, frozen=True, kw_only=True):
    """Lengths of time are seconds."""

    ignore_permissions: Annotated[
        tuple[str, ...] | None,
        permissions(
            "Permissions that nobody needs, separated by commas, or none; unset: those of the evaluation while only "
            "this machine can call, else none."
        ),
    ] = None
    require_authentication: Annotated[bool, flag("Whether pages about the service and the caller ask for sign-in.")] = (
        False
    )
    strict_authentication: Annotated[
        bool, flag("Closes everything to the anonymous, whatever IGNORE_PERMISSIONS says.")
    ] = False
    session_idle_seconds: Annotated[int, whole_number("A session that is not used for so long ends.", 60)] = 86400
    session_seconds: Annotated[int, whole_number("After this a session ends in any case.", 60)] = 1209600
    session_https_only: Annotated[bool, flag("Whether the session cookie goes over HTTPS alone.")] = True
    local_login: Annotated[
        bool, flag("Sign-in by e-mail address alone, for development; on loopback only, never in production.")
    ] = False
    local_login_anywhere: Annotated[bool, flag("Whether LOCAL_LOGIN holds beyond loopback as well.")] = False

    frontend_url: Annotated[
        str | None,
        url(
            "The front end: sign-on returns to it, its pages may call the API; unset: http://localhost:30001.",
            "http",
            "https",
        ),
    ] = None
    return_urls: Annotated[
        tuple[str, ...], names("Further front ends that sign-on may return to, separated by commas.")
    ] = ()

    saml_metadata_url: Annotated[
        str | None, url("SAML: where the identity provider publishes its metadata; unset: no SAML.", "http", "https")
    ] = None
    saml_metadata_file: Annotated[
        Path | None, file("SAML: the identity provider's metadata, where it has no URL for it.")
    ] = None
    saml_entity_id: Annotated[str | None, text("SAML: what the provider calls this service; unset: PUBLIC_URL.")] = None
    saml_certificate_file: Annotated[Path | None, file("SAML: certificate (PEM) that goes with SAML_KEY_FILE.")] = None
    saml_key_file: Annotated[
        Path | None, file("SAML: private key (PEM) that signs requests and decrypts assertions; unset: neither.")
    ] = None
    saml_authn_contexts: Annotated[
        tuple[str, ...], names("SAML: how the provider must have authenticated; any: as it likes.")
    ] = (PASSWORD_OVER_TLS,)
    saml_email_attribute: Annotated[str | None, text("SAML: attribute of the e-mail address; unset: the NameID.")] = (
        None
    )
    saml_name_attribute: Annotated[str, text("SAML: attribute of the full name.")] = "fullname"
    saml_groups_attribute: Annotated[str, text("SAML: attribute of the groups.")] = "groups"

    oidc_issuer: Annotated[
        str | None, url("OpenID Connect: the provider's issuer URL; unset: no OpenID Connect.", "http", "https")
    ] = None
    oidc_client_id: Annotated[str | None, text("OpenID Connect: what the provider calls this service.")] = None
    oidc_client_secret: Annotated[Secret | None, secret("OpenID Connect: unset for a public client.")] = None
    oidc_scopes: Annotated[tuple[str, ...], names("OpenID Connect: scopes to ask for.")] = (
        "openid",
        "email",
        "profile",
    )
    oidc_algorithms: Annotated[tuple[str, ...], names("OpenID Connect: how ID tokens may be signed.")] = (
        "RS256",
        "PS256",
        "ES256",
    )
    oidc_email_claim: Annotated[str, text("OpenID Connect: claim of the e-mail address.")] = "email"
    oidc_name_claim: Annotated[str, text("OpenID Connect: claim of the full name.")] = "name"
    oidc_groups_claim: Annotated[str, text("OpenID Connect: claim of the groups.")] = "groups"
    oidc_unverified_email: Annotated[
        bool, flag("OpenID Connect: whether addresses count that the provider does not call verified.")
    ] = False
