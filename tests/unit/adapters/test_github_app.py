import base64
import datetime as dt
import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import respx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from touchstone.adapters.github_app import GithubApp, app_statement, rsa_key
from touchstone.adapters.github_tracker import GithubTracker
from touchstone.adapters.issue_tracker import CredentialsRefused, Fetched, IssueReference
from touchstone.adapters.remote_service import RemoteService

API = "https://api.github.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
START = 1_790_000_000.0


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


class Github:
    """Installations, tokens that it sold, and one issue in every repository."""

    def __init__(self, router: respx.MockRouter) -> None:
        self.now = START
        self.accounts: list[tuple[int, str, str | None]] = [
            (1, "acme", None),
            (2, "Canonical", None),
            (3, "gone", "2026-01-01T00:00:00Z"),
        ]
        self.sold: list[int] = []
        self.revoked: set[str] = set()
        router.get(f"{API}/app/installations").mock(side_effect=self.installations)
        router.post(url__regex=rf"{API}/app/installations/(?P<number>\d+)/access_tokens").mock(side_effect=self.sell)
        router.get(url__regex=rf"{API}/repos/(?P<project>[^/]+/[^/]+)/issues/1").mock(side_effect=self.issue)

    def installations(self, request: httpx.Request) -> httpx.Response:
        listed = [
            {"id": number, "account": {"login": login}, "suspended_at": suspended, "app_id": 99}
            for number, login, suspended in self.accounts
        ]
        page, size = int(request.url.params["page"]), int(request.url.params["per_page"])
        return httpx.Response(200, json=listed[(page - 1) * size : page * size])

    def sell(self, request: httpx.Request, number: str) -> httpx.Response:
        self.sold.append(int(number))
        expires = dt.datetime.fromtimestamp(self.now + 3600, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        content = {"token": f"ghs_{number}_{len(self.sold)}", "expires_at": expires, "permissions": {"issues": "read"}}
        return httpx.Response(201, json=content)

    def issue(self, request: httpx.Request, project: str) -> httpx.Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        if token in self.revoked:
            return httpx.Response(401, json={"message": "Bad credentials"})
        url = f"{API}/repos/{project}"
        return httpx.Response(
            200, json={"number": 1, "title": token, "state": "open", "repository_url": url, "labels": []}
        )


@pytest.fixture
def github() -> AsyncIterator[Github]:
    with respx.mock(assert_all_called=False) as router:
        yield Github(router)


@pytest.fixture
async def token_for(github: Github) -> AsyncIterator[Callable[..., object]]:
    app = GithubApp("99", pem(KEY), API, clock=lambda: github.now)
    tracker = GithubTracker("github.com", RemoteService("github.com", clock=lambda: github.now), app)

    async def asked(owner: str) -> str:
        found = await tracker.fetch(IssueReference("github", f"{owner}/repo", "1"))
        assert isinstance(found, Fetched)
        return found.title

    yield asked
    await tracker.close()


def test_the_statement_says_who_we_are_for_less_than_ten_minutes() -> None:
    head, claims, signature = app_statement("99", KEY, START).split(".")
    KEY.public_key().verify(decoded(signature), f"{head}.{claims}".encode(), PKCS1v15(), hashes.SHA256())
    assert json.loads(decoded(head)) == {"alg": "RS256", "typ": "JWT"}
    assert json.loads(decoded(claims)) == {"iat": START - 60, "exp": START + 540, "iss": "99"}


def decoded(segment: str) -> bytes:
    assert "=" not in segment
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


@pytest.mark.parametrize("text", ["", "hunter2", pem(ec.generate_private_key(ec.SECP256R1()))])
def test_a_key_of_another_kind_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not an unencrypted RSA private key in PEM$"):
        rsa_key(text)


async def test_each_account_is_read_with_its_own_token(github: Github, token_for: Callable[..., object]) -> None:
    assert await token_for("canonical") == "ghs_2_1"
    assert await token_for("acme") == "ghs_1_2"


async def test_an_account_without_the_app_is_read_with_the_first_token(
    github: Github, token_for: Callable[..., object]
) -> None:
    assert await token_for("elsewhere") == "ghs_1_1"
    assert await token_for("gone") == "ghs_1_1"


async def test_a_token_is_kept_until_shortly_before_it_ends(github: Github, token_for: Callable[..., object]) -> None:
    await token_for("acme")
    github.now += 3250
    assert await token_for("acme") == "ghs_1_1"
    github.now += 100
    assert await token_for("acme") == "ghs_1_2"


async def test_a_token_that_is_refused_is_bought_anew_once(github: Github, token_for: Callable[..., object]) -> None:
    await token_for("acme")
    github.revoked = {"ghs_1_1"}
    assert await token_for("acme") == "ghs_1_2"
    github.revoked = {f"ghs_1_{number}" for number in range(10)}
    with pytest.raises(CredentialsRefused):
        await token_for("acme")
    assert len(github.sold) == 3


async def test_the_installations_beyond_the_first_page_count(github: Github, token_for: Callable[..., object]) -> None:
    github.accounts = [(number, f"account{number}", None) for number in range(150)]
    assert await token_for("account149") == "ghs_149_1"


async def test_an_app_that_nobody_installed_is_no_access(github: Github, token_for: Callable[..., object]) -> None:
    github.accounts = [(3, "gone", "2026-01-01T00:00:00Z")]
    with pytest.raises(CredentialsRefused):
        await token_for("gone")
