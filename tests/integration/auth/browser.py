"""A browser as far as signing on needs one: it keeps cookies, and follows nothing by itself."""

from http.cookies import SimpleCookie
from typing import Any

import httpx


class Browser:
    """Sends its cookies to the app whatever they say of HTTPS, and never the header against forgery by itself."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.cookies: dict[str, str] = {}
        self.set_cookies: dict[str, Any] = {}

    async def get(self, url: str, **options: Any) -> httpx.Response:
        return await self.send("GET", url, **options)

    async def post(self, url: str, **options: Any) -> httpx.Response:
        return await self.send("POST", url, **options)

    async def delete(self, url: str, **options: Any) -> httpx.Response:
        return await self.send("DELETE", url, **options)

    async def send(self, method: str, url: str, *, headers: dict[str, str] | None = None, **options: Any) -> Any:
        sent = {**(headers or {}), "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        answer = await self.client.request(method, url, headers=sent, **options)
        for header in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(header).items():
                self.set_cookies[name] = morsel
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer

    @property
    def session(self) -> str | None:
        return self.cookies.get("session")

    async def whoami(self) -> str | None:
        """The e-mail address of who is signed in."""
        answer = await self.get("/v1/users/me", headers={"X-CSRF-Token": "1"})
        assert answer.status_code == 200, answer.text
        return answer.json() and answer.json()["email"]
