"""The OpenAPI document and the page to read it on, from an installed package and without the internet."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from litestar import Litestar, Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect

from touchstone.http import openapi
from touchstone.http.guards import anybody_unless_required

ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{openapi.TITLE}</title>
<link rel="icon" href="docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
START = """SwaggerUIBundle({
  url: "openapi.json", dom_id: "#page", deepLinking: true, validatorUrl: null, tryItOutEnabled: true,
});
"""


class Documentation:
    """The document as bytes, written when it is first asked for."""

    def __init__(self, tags: Mapping[str, str] | None = None) -> None:
        self._tags = tags
        self._written: bytes | None = None

    def of(self, app: Litestar) -> bytes:
        if self._written is None:
            self._written = openapi.as_json(openapi.document(app, self._tags))
        return self._written


@get("/openapi.json", sync_to_thread=False)
def read_openapi(request: Request[Any, Any, Any], documentation: NamedDependency[Documentation]) -> Response[bytes]:
    """The OpenAPI document of this service."""
    return Response(documentation.of(request.app), media_type="application/json")


@get("/docs", sync_to_thread=False)
def read_docs() -> Response[str]:
    """The page that shows the document."""
    return Response(PAGE, media_type="text/html", headers={"Content-Security-Policy": POLICY})


@get("/docs/start.js", sync_to_thread=False)
def read_start() -> Response[str]:
    """Starts the page; a file of its own, as the page's policy allows no script in its text."""
    return Response(START, media_type="text/javascript")


@get("/docs/assets/{name:str}", sync_to_thread=False)
def read_asset(name: FromPath[str]) -> Response[bytes]:
    """A file of the page."""
    if name not in ASSETS:
        raise NotFoundException
    content = files("swagger_ui").joinpath("static", name).read_bytes()
    return Response(content, media_type=ASSETS[name], headers={"Cache-Control": "public, max-age=86400"})


@get("/redoc", sync_to_thread=False)
def redirect_redoc() -> Redirect:
    """Where the evaluation contract has a second page of the kind."""
    return Redirect("docs", status_code=307)


def documentation_routes(tags: Mapping[str, str] | None = None) -> Router:
    """`/openapi.json`, `/docs` and what belongs to it; not part of the document."""
    written = Documentation(tags)

    def provide() -> Documentation:
        return written

    return Router(
        "/",
        route_handlers=[read_openapi, read_docs, read_start, read_asset, redirect_redoc],
        dependencies={"documentation": Provide(provide, sync_to_thread=False)},
        include_in_schema=False,
        guards=[anybody_unless_required],
    )
