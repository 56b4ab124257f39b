"""`/jobs`."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import ServerSentEvent

from touchstone.database.executor import Database
from touchstone.domains.datasets.model import Dataset, DatasetNotFound
from touchstone.domains.idempotent_requests.model import CallInFlight, IdempotentCall
from touchstone.domains.jobs.endpoints import EndpointRefused, RemoteCodeRefused, SecretForAnotherHost
from touchstone.domains.jobs.logs import JobLogs
from touchstone.domains.jobs.model import (
    JobDatasetNotAvailable,
    JobKind,
    JobNotFound,
    JobNotRetried,
    JobResultNotReady,
    JobSecretMissing,
    TicketRefused,
)
from touchstone.domains.jobs.repository import JobRepository
from touchstone.domains.jobs.schemas import (
    CreatedJob,
    Job,
    JobResult,
    JobResultDownload,
    LogsOfJob,
    NewAnnotateJob,
    NewEvaluatorJob,
    NewInferenceJob,
    NewJob,
    SecretValue,
)
from touchstone.domains.jobs.service import JobService
from touchstone.domains.jobs.streams import EventStream, resume_position, stream_events, stream_log
from touchstone.domains.jobs.views import JobView
from touchstone.domains.limits.model import QuotaReached
from touchstone.http.caller import Caller
from touchstone.http.guards import anybody, requires
from touchstone.http.openapi import failures
from touchstone.http.pages import page_of
from touchstone.http.paging import Listing
from touchstone.http.rate_limits import UNLIMITED

AnyRequest = Request[Any, Any, Any]

SUBMISSION_FAILURES = failures(
    JobSecretMissing,
    SecretForAnotherHost,
    EndpointRefused,
    RemoteCodeRefused,
    DatasetNotFound,
    CallInFlight,
    QuotaReached,
)


class JobSubmissionController(Controller):
    path = "/api/v1/jobs"
    tags = ["jobs"]

    @post(
        "/inference",
        guards=[requires("change_job")],
        operation_id="create_inference_job_api_v1_jobs_inference__post",
        responses=SUBMISSION_FAILURES,
    )
    async def create_inference_job(
        self,
        data: JSONBody[NewInferenceJob],
        request: Request[Any, Any, Any],
        job_service: NamedDependency[JobService],
        idempotent_call: NamedDependency[IdempotentCall | None],
        caller: NamedDependency[Caller],
    ) -> Response[CreatedJob]:
        """Queues an inference: a model answers every example of a dataset."""
        return await _submitted(request, job_service, JobKind.INFERENCE, data, caller, idempotent_call)

    @post(
        "/annotate",
        guards=[requires("change_job")],
        operation_id="create_annotation_job_api_v1_jobs_annotate__post",
        responses=SUBMISSION_FAILURES,
    )
    async def create_annotation_job(
        self,
        data: JSONBody[NewAnnotateJob],
        request: Request[Any, Any, Any],
        job_service: NamedDependency[JobService],
        idempotent_call: NamedDependency[IdempotentCall | None],
        caller: NamedDependency[Caller],
    ) -> Response[CreatedJob]:
        """Queues an annotation: a model writes the ground truth of a new dataset."""
        return await _submitted(request, job_service, JobKind.ANNOTATE, data, caller, idempotent_call)

    @post(
        "/evaluator",
        guards=[requires("change_job")],
        operation_id="create_evaluation_job_api_v1_jobs_evaluator__post",
        responses=SUBMISSION_FAILURES,
    )
    async def create_evaluation_job(
        self,
        data: JSONBody[NewEvaluatorJob],
        request: Request[Any, Any, Any],
        job_service: NamedDependency[JobService],
        idempotent_call: NamedDependency[IdempotentCall | None],
        caller: NamedDependency[Caller],
    ) -> Response[CreatedJob]:
        """Queues an evaluation: metrics of predictions against the ground truth."""
        return await _submitted(request, job_service, JobKind.EVALUATOR, data, caller, idempotent_call)


class JobController(Controller):
    path = "/api/v1/jobs"
    tags = ["jobs"]

    @get(guards=[requires("view_job")], operation_id="list_jobs_api_v1_jobs__get")
    async def list_jobs(
        self,
        request: Request[Any, Any, Any],
        jobs: NamedDependency[JobRepository],
        job_view: NamedDependency[JobView],
        caller: NamedDependency[Caller],
        skip: FromQuery[int] = 0,
        limit: FromQuery[int] = 100,
        job_types: FromQuery[list[str] | None] = None,
        cursor: FromQuery[str | None] = None,
    ) -> Response[Listing[Job]]:
        """Jobs of some kinds, or of all; newest first."""
        page, kinds = page_of(request, skip, limit, cursor), job_types or []
        rows = await jobs.list_newest(kinds, caller.viewer, skip=page.skip, limit=page.limit, before=page.after)
        total = await jobs.count(kinds, caller.viewer)
        return page.answer(total, [job_view.job(row) for row in rows], lambda job: (job.created_at, job.id))

    @get(
        "/{job_id:str}",
        guards=[requires("view_job")],
        operation_id="get_job_api_v1_jobs__job_id__get",
        responses=failures(JobNotFound),
        opt={"etag": True},
    )
    async def get_job(
        self,
        job_id: FromPath[UUID],
        jobs: NamedDependency[JobRepository],
        job_view: NamedDependency[JobView],
        caller: NamedDependency[Caller],
    ) -> Job:
        """One job, with its config, progress and, if it failed, why."""
        return job_view.job(await jobs.get(job_id, caller.viewer))

    @get(
        "/{job_id:str}/logs",
        guards=[requires("view_job")],
        operation_id="get_job_logs_api_v1_jobs__job_id__logs_get",
        responses=failures(JobNotFound),
    )
    async def get_job_logs(
        self,
        job_id: FromPath[UUID],
        request: Request[Any, Any, Any],
        jobs: NamedDependency[JobRepository],
        job_logs: NamedDependency[JobLogs],
        caller: NamedDependency[Caller],
        follow: FromQuery[bool] = False,
    ) -> LogsOfJob:
        """What the job has printed; with `follow=true` as server-sent events until its end."""
        job = await jobs.get(job_id, caller.viewer)
        if follow:
            start = resume_position(request.headers.get("last-event-id"))
            return EventStream(stream_log(job_logs, job_id, start))  # pyright: ignore[reportReturnType] documented as the plain answer
        return LogsOfJob(logs=await job_logs.read(job))

    @get("/{job_id:str}/events", guards=[requires("view_job")], responses=failures(JobNotFound))
    async def follow_job_events(
        self,
        job_id: FromPath[UUID],
        request: Request[Any, Any, Any],
        jobs: NamedDependency[JobRepository],
        database: NamedDependency[Database],
        caller: NamedDependency[Caller],
    ) -> ServerSentEvent:
        """Changes of status and progress as server-sent events until the job's end."""
        await jobs.get(job_id, caller.viewer)
        return ServerSentEvent(stream_events(database, job_id, resume_position(request.headers.get("last-event-id"))))

    @get(
        "/{job_id:str}/result",
        guards=[requires("view_job")],
        operation_id="get_job_result_api_v1_jobs__job_id__result_get",
        responses=failures(JobNotFound, JobResultNotReady),
    )
    async def get_job_result(
        self, job_id: FromPath[UUID], job_service: NamedDependency[JobService], caller: NamedDependency[Caller]
    ) -> JobResult:
        """The metrics of a job that succeeded."""
        return await job_service.result_of(job_id, caller)

    @get(
        "/{job_id:str}/result/download",
        guards=[requires("view_job")],
        operation_id="get_job_result_download_api_v1_jobs__job_id__result_download_get",
        responses=failures(JobNotFound),
    )
    async def get_job_result_download(
        self, job_id: FromPath[UUID], job_service: NamedDependency[JobService], caller: NamedDependency[Caller]
    ) -> JobResultDownload:
        """A signed URL of the job's results.json."""
        return await job_service.result_download(job_id, caller)

    @get(
        "/{job_id:str}/dataset",
        guards=[requires("view_job")],
        operation_id="get_job_dataset_api_v1_jobs__job_id__dataset_get",
        responses=failures(JobDatasetNotAvailable),
    )
    async def get_job_dataset(
        self, job_id: FromPath[UUID], job_service: NamedDependency[JobService], caller: NamedDependency[Caller]
    ) -> Dataset | None:
        """The dataset that the job made."""
        return await job_service.dataset_of(job_id, caller)

    @post("/{job_id:str}/cancel", guards=[requires("change_job")], status_code=200, responses=failures(JobNotFound))
    async def cancel_job(
        self,
        job_id: FromPath[UUID],
        job_service: NamedDependency[JobService],
        job_view: NamedDependency[JobView],
        caller: NamedDependency[Caller],
    ) -> Job:
        """Asks the job to end; asking again, or too late, changes nothing."""
        return job_view.job(await job_service.cancel(job_id, caller))

    @post(
        "/{job_id:str}/retry",
        guards=[requires("change_job")],
        status_code=200,
        responses=failures(JobNotFound, JobNotRetried, QuotaReached),
    )
    async def retry_job(
        self,
        job_id: FromPath[UUID],
        job_service: NamedDependency[JobService],
        job_view: NamedDependency[JobView],
        caller: NamedDependency[Caller],
    ) -> Job:
        """Tries a failed or stopped job again; samples that are finished are kept."""
        return job_view.job(await job_service.retry(job_id, caller))

    @post(
        "/{job_id:str}/attempts/{attempt:str}/secret",
        guards=[anybody],
        status_code=200,
        include_in_schema=False,
        opt=UNLIMITED,
    )
    async def hand_out_secret(
        self,
        job_id: FromPath[UUID],
        attempt: FromPath[int],
        request: Request[Any, Any, Any],
        job_service: NamedDependency[JobService],
    ) -> SecretValue:
        """For the attempt itself, which shows the ticket of its config."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise TicketRefused
        return await job_service.secret_for_attempt(job_id, attempt, token)


async def _submitted(
    request: AnyRequest, service: JobService, kind: JobKind, new: NewJob, caller: Caller, call: IdempotentCall | None
) -> Response[CreatedJob]:
    job = await service.submit(kind, new, caller, call)
    location = f"{str(request.base_url).rstrip('/')}/api/v1/jobs/{job.id}"
    return Response(job, status_code=201, headers={"Location": location})
