"""The document of the sample application, in the shapes that the contracts' documents have."""

from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar, Response, get
from litestar.datastructures import ResponseHeader
from litestar.params import FromQuery
from litestar.response import ServerSentEvent, Stream
from openapi_spec_validator import validate
from tests.unit.http.sample_app import JobNotFound, create_sample_app

from touchstone.errors import Invalid
from touchstone.http import openapi, signature
from touchstone.http.docs import documentation_routes


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi.document(create_sample_app(), {"jobs": "Work on the cluster."})


def schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    return document["components"]["schemas"][name]


def operation(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    return document["paths"][path][method]


def test_it_is_valid(document: dict[str, Any]) -> None:
    validate(msgspec.json.decode(openapi.as_json(document)))


def test_operations_have_the_id_that_is_given_and_a_summary(document: dict[str, Any]) -> None:
    described = operation(document, "post", "/jobs/inference")
    assert (described["operationId"], described["summary"]) == ("create_inference_job", "Starts a job")


def test_a_tag_has_its_line(document: dict[str, Any]) -> None:
    assert document["tags"] == [{"name": "jobs", "description": "Work on the cluster."}]


def test_formats_and_bounds_are_said(document: dict[str, Any]) -> None:
    properties = schema(document, "JobInferenceCreate")["properties"]
    assert properties["dataset"] == {"type": "string", "format": "uuid"}
    assert properties["batch_size"] == {"type": "integer", "exclusiveMinimum": 0, "default": 1}
    assert schema(document, "JobResponse")["properties"]["created_at"]["format"] == "date-time"


def test_closed_objects_are_said_to_be_closed(document: dict[str, Any]) -> None:
    assert schema(document, "GenerationConfig")["additionalProperties"] is False
    assert "additionalProperties" not in schema(document, "JobInferenceConfig")


def test_a_union_has_its_discriminator_and_its_tags_are_constants(document: dict[str, Any]) -> None:
    union = schema(document, "JobInferenceConfig")["properties"]["task_definition"]
    assert union["discriminator"] == {
        "propertyName": "task",
        "mapping": {
            "summarization": "#/components/schemas/SummarizationTask",
            "translation": "#/components/schemas/TranslationTask",
        },
    }
    tag = {"type": "string", "const": "summarization", "default": "summarization"}
    assert schema(document, "SummarizationTask")["properties"]["task"] == tag


def test_a_tag_outside_a_union_may_be_left_out(document: dict[str, Any]) -> None:
    assert schema(document, "JobInferenceConfig")["required"] == ["model", "provider"]


def test_enums_are_lists_of_words(document: dict[str, Any]) -> None:
    assert schema(document, "JobStatus") == {"type": "string", "enum": ["created", "running"]}


def test_a_field_that_is_always_answered_is_promised(document: dict[str, Any]) -> None:
    assert "updated_at" in schema(document, "JobResponse")["required"]
    assert "errors" not in schema(document, "ProblemDetails")["required"]


def test_a_generic_is_named_by_its_parts(document: dict[str, Any]) -> None:
    assert schema(document, "ListingJobResponse")["required"] == ["total", "items"]


def test_a_form_says_which_part_is_a_file(document: dict[str, Any]) -> None:
    content = operation(document, "post", "/datasets")["requestBody"]["content"]
    assert content == {"multipart/form-data": {"schema": {"$ref": "#/components/schemas/DatasetUpload"}}}
    assert schema(document, "DatasetUpload")["properties"]["dataset"] == {"type": "string", "format": "binary"}


def test_a_secret_is_only_written(document: dict[str, Any]) -> None:
    assert schema(document, "SecretUpload")["properties"]["value"]["writeOnly"] is True


def test_parameters_have_their_defaults_and_bounds(document: dict[str, Any]) -> None:
    parameters = {one["name"]: one for one in operation(document, "get", "/jobs")["parameters"]}
    assert parameters["limit"]["schema"] == {"type": "integer", "maximum": 5000, "default": 100}
    assert parameters["job_types"]["schema"]["anyOf"][0] == {"type": "array", "items": {"type": "string"}}
    assert not parameters["job_types"]["required"]


def test_declared_failures_and_validation_are_described_and_nothing_else(document: dict[str, Any]) -> None:
    responses = operation(document, "post", "/jobs/inference")["responses"]
    assert list(responses) == ["201", "400", "404", "422"]
    assert responses["404"]["description"] == "Job with ID {id} not found"
    assert set(responses["404"]["content"]) == {"application/json", "application/problem+json"}
    reference = {"$ref": "#/components/schemas/HTTPValidationError"}
    assert responses["422"]["content"]["application/json"]["schema"] == reference


def test_no_content_has_no_content(document: dict[str, Any]) -> None:
    assert "content" not in operation(document, "delete", "/jobs/{job_id}")["responses"]["204"]


class Teapot(Invalid):
    """I am a teapot"""


@get(["/", "/all"], responses=openapi.failures(JobNotFound, Teapot))
async def list_pots(size: FromQuery[int] = 1) -> Response[list[int]]:
    """Lists pots.

    All of them.
    """


@get("/events")
async def follow_pots() -> ServerSentEvent:
    """Follows pots."""


@get("/file", media_type="text/csv")
async def download_pots() -> Stream:
    """Downloads pots."""


@get("/hidden", include_in_schema=False)
async def hidden() -> None:
    """Is not described."""


def small_app(*handlers: Any) -> Litestar:
    app = Litestar(list(handlers), openapi_config=None)
    signature.install(app)
    return app


def test_a_handler_is_described_once_under_its_own_name() -> None:
    described = openapi.document(small_app(list_pots, hidden))
    assert list(described["paths"]) == ["/"]
    assert described["paths"]["/"]["get"]["operationId"] == "list_pots"
    assert described["paths"]["/"]["get"]["description"] == "All of them."


def test_a_422_may_be_the_handlers_own_too() -> None:
    answer = openapi.document(small_app(list_pots))["paths"]["/"]["get"]["responses"]["422"]
    assert answer["description"].endswith("I am a teapot")
    assert len(answer["content"]["application/json"]["schema"]["anyOf"]) == 2


def test_headers_are_described_in_one_order_whatever_the_process() -> None:
    names = [f"X-Pot-{letter}" for letter in "gbhacfed"]

    @get("/", response_headers=[ResponseHeader(name=name, documentation_only=True) for name in names])
    async def read_pot() -> str:
        """Reads a pot."""
        return "empty"

    described = openapi.document(small_app(read_pot))["paths"]["/"]["get"]["responses"]["200"]
    assert list(described["headers"]) == sorted(names)


def test_streams_are_described_by_their_media_type() -> None:
    paths = openapi.document(small_app(follow_pots, download_pots))["paths"]
    assert list(paths["/events"]["get"]["responses"]["200"]["content"]) == ["text/event-stream"]
    assert list(paths["/file"]["get"]["responses"]["200"]["content"]) == ["text/csv"]


def test_two_operations_of_the_same_id_are_refused() -> None:
    async def handle() -> None:
        """Does nothing."""

    async def handle_too() -> None:
        """Does nothing either."""

    first, second = get("/a", operation_id="same")(handle), get("/b", operation_id="same")(handle_too)
    with pytest.raises(ValueError, match="same is taken by GET /a and GET /b"):
        openapi.document(small_app(first, second))


async def ask(path: str) -> httpx.Response:
    app = small_app(list_pots, documentation_routes())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://touchstone.test") as client:
        return await client.get(path)


async def test_the_document_is_served_and_does_not_describe_itself() -> None:
    served = await ask("/openapi.json")
    assert served.headers["content-type"] == "application/json"
    assert list(served.json()["paths"]) == ["/"]


async def test_the_page_needs_nothing_from_elsewhere_and_no_inline_script() -> None:
    page = await ask("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "//" not in page.text.replace("<!doctype", "")
    assert "<script>" not in page.text


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/docs/start.js", "text/javascript"),
        ("/docs/assets/swagger-ui-bundle.js", "text/javascript"),
        ("/docs/assets/swagger-ui.css", "text/css"),
    ],
)
async def test_what_the_page_loads_is_there(path: str, media_type: str) -> None:
    response = await ask(path)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(media_type)


@pytest.mark.parametrize("name", ["LICENSE", "..%2F__init__.py", "swagger-editor.js"])
async def test_other_files_of_the_package_are_not_served(name: str) -> None:
    assert (await ask(f"/docs/assets/{name}")).status_code == 404
