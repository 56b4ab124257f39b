"""A small application in the words of the evaluation contract, for the tests of what all controllers share."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Litestar, delete, get, post, put
from litestar.connection import ASGIConnection
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, MultipartBody
from msgspec import Meta

from touchstone.errors import Conflict, Forbidden, NotFound, Refused, Unavailable
from touchstone.http import errors, signature
from touchstone.http.openapi import failures
from touchstone.http.paging import Listing

Positive = Annotated[int, Meta(gt=0)]


class SummarizationTask(msgspec.Struct, tag_field="task", tag="summarization", forbid_unknown_fields=True):
    pass


class TranslationTask(msgspec.Struct, tag_field="task", tag="translation", forbid_unknown_fields=True):
    source_language: str
    target_language: str


TaskDefinition = SummarizationTask | TranslationTask


class GenerationConfig(msgspec.Struct, forbid_unknown_fields=True):
    max_new_tokens: int = 1024
    temperature: float = 0.5


class JobInferenceConfig(msgspec.Struct, tag_field="job_type", tag="inference"):
    model: str
    provider: str
    task_definition: TaskDefinition = msgspec.field(default_factory=SummarizationTask)
    use_fast: bool = True
    base_url: str | None = None
    generation_config: GenerationConfig = msgspec.field(default_factory=GenerationConfig)


class JobInferenceCreate(msgspec.Struct):
    name: str
    dataset: UUID
    job_config: JobInferenceConfig
    description: str = ""
    max_samples: int = -1
    batch_size: Positive = 1


class JobStatus(Enum):
    CREATED = "created"
    RUNNING = "running"


class JobResponse(msgspec.Struct):
    id: UUID
    name: str
    status: JobStatus
    created_at: datetime
    updated_at: datetime | None = None


class SecretUpload(msgspec.Struct):
    value: Annotated[str, Meta(min_length=1, max_length=1024, extra={"secret": True})]
    description: str


class DatasetFormat(Enum):
    JOB = "job"


class DatasetUpload(msgspec.Struct):
    dataset: UploadFile
    format: DatasetFormat


class JobNotFound(NotFound):
    """Job with ID {id} not found"""


class JobStillRunning(Conflict):
    """Job {id} is still running"""

    retry_after_seconds = 3


class SecretMissing(Refused):
    """Requested secret key '{key}' is not configured."""


class Clock:
    """A dependency of a type that nothing can be converted to."""

    def now(self) -> str:
        return "noon"


class JobController(Controller):
    path = "/jobs"

    @post("/inference/", operation_id="create_inference_job", responses=failures(JobNotFound, SecretMissing))
    async def create_inference_job(self, data: JSONBody[JobInferenceCreate]) -> JobInferenceCreate:
        """Starts a job."""
        return data

    @get("/", operation_id="list_jobs")
    async def list_jobs(
        self,
        job_types: FromQuery[list[str] | None] = None,
        skip: FromQuery[int] = 0,
        limit: FromQuery[Annotated[int, Meta(le=5000)]] = 100,
    ) -> Listing[JobResponse]:
        """Lists jobs."""
        return Listing(total=skip + limit + len(job_types or []), items=[])

    @get("/{job_id:str}", operation_id="get_job", responses=failures(JobNotFound))
    async def get_job(
        self,
        job_id: FromPath[UUID],
        clock: NamedDependency[Clock],
        trace: Annotated[int | None, HeaderParameter(name="x-trace")] = None,
    ) -> dict[str, Any]:
        """One job."""
        return {"id": job_id, "is_uuid": isinstance(job_id, UUID), "clock": clock.now(), "trace": trace}

    @delete("/{job_id:str}", operation_id="delete_job", responses=failures(JobNotFound, JobStillRunning))
    async def delete_job(self, job_id: FromPath[UUID], force: FromQuery[bool] = False) -> None:
        """Deletes a job."""
        raise JobNotFound(id=job_id) if force else JobStillRunning(id=job_id)


@put("/secrets/{secret_name:str}", operation_id="upload_secret")
async def upload_secret(secret_name: FromPath[str], data: JSONBody[SecretUpload]) -> dict[str, str]:
    """Stores a secret."""
    return {"name": secret_name, "length": str(len(data.value))}


@post("/datasets/", operation_id="upload_dataset")
async def upload_dataset(data: MultipartBody[DatasetUpload]) -> dict[str, Any]:
    """Takes a dataset."""
    return {"filename": data.dataset.filename, "size": len(await data.dataset.read()), "format": data.format.value}


@post("/notes/", operation_id="create_note")
async def create_note(data: JSONBody[dict[str, Any] | None] = None) -> dict[str, Any]:
    """Takes any object, or none."""
    return {"note": data}


def refuse_everybody(_: ASGIConnection[Any, Any, Any, Any], __: BaseRouteHandler) -> None:
    raise Forbidden


@post("/guarded/", guards=[refuse_everybody], operation_id="guarded")
async def guarded(data: JSONBody[SecretUpload]) -> None:
    """For nobody."""


@get("/failures/{kind:str}", operation_id="fail")
async def fail(kind: FromPath[str]) -> None:
    """Fails as asked."""
    raise {"bug": RuntimeError("a secret of ours"), "upstream": Unavailable(system="ray", reason="no answer")}[kind]


def create_sample_app(**options: Any) -> Litestar:
    app = Litestar(
        [JobController, upload_secret, upload_dataset, create_note, guarded, fail],
        dependencies={"clock": Provide(Clock, sync_to_thread=False)},
        exception_handlers=errors.exception_handlers,
        **options,
    )
    signature.install(app)
    return app
