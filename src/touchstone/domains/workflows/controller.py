"""`/workflows`."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from touchstone.domains.datasets.model import DatasetNotFound
from touchstone.domains.idempotent_requests.model import CallInFlight, IdempotentCall
from touchstone.domains.jobs.schemas import LogsOfJob
from touchstone.domains.limits.model import QuotaReached
from touchstone.domains.workflows.model import (
    PromptMissing,
    WorkflowNotFound,
    WorkflowResultNotReady,
    WorkflowRunning,
    WorkflowSecretMissing,
    WorkflowStopping,
    WorkflowWithoutExperiment,
)
from touchstone.domains.workflows.repository import WorkflowRepository
from touchstone.domains.workflows.schemas import CreatedWorkflow, NewWorkflow, WorkflowDetails
from touchstone.domains.workflows.service import WorkflowService
from touchstone.domains.workflows.views import WorkflowView
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.openapi import failures
from touchstone.http.pages import page_of
from touchstone.http.paging import Listing

WorkflowId = Annotated[str, Meta(description="32 hex digits.")]


class WorkflowController(Controller):
    path = "/api/v1/workflows"
    tags = ["workflows"]

    @post(
        guards=[requires("change_workflow")],
        operation_id="create_workflow_api_v1_workflows__post",
        responses=failures(
            WorkflowWithoutExperiment,
            WorkflowSecretMissing,
            PromptMissing,
            DatasetNotFound,
            CallInFlight,
            QuotaReached,
        ),
    )
    async def create_workflow(
        self,
        data: JSONBody[NewWorkflow],
        workflow_service: NamedDependency[WorkflowService],
        idempotent_call: NamedDependency[IdempotentCall | None],
        caller: NamedDependency[Caller],
    ) -> CreatedWorkflow:
        """Queues an inference on the experiment's dataset and, after it, an evaluation."""
        return await workflow_service.create(data, caller, idempotent_call)

    @get(guards=[requires("view_workflow")])
    async def list_workflows(
        self,
        request: Request[Any, Any, Any],
        workflows: NamedDependency[WorkflowRepository],
        workflow_view: NamedDependency[WorkflowView],
        caller: NamedDependency[Caller],
        skip: FromQuery[int] = 0,
        limit: FromQuery[int] = 100,
        cursor: FromQuery[str | None] = None,
    ) -> Response[Listing[WorkflowDetails]]:
        """Workflows of all experiments, newest first."""
        page = page_of(request, skip, limit, cursor)
        rows = await workflows.list_newest(caller.viewer, skip=page.skip, limit=page.limit, before=page.after)
        items = [await workflow_view.details(row) for row in rows]
        return page.answer(
            await workflows.count(caller.viewer), items, lambda item: (item.created_at, UUID(hex=item.id))
        )

    @get(
        "/{workflow_id:str}",
        guards=[requires("view_workflow")],
        operation_id="get_workflow_api_v1_workflows__workflow_id__get",
        responses=failures(WorkflowNotFound),
        opt={"etag": True},
    )
    async def get_workflow(
        self,
        workflow_id: FromPath[WorkflowId],
        workflows: NamedDependency[WorkflowRepository],
        workflow_view: NamedDependency[WorkflowView],
        caller: NamedDependency[Caller],
    ) -> WorkflowDetails:
        """One workflow with its jobs, metrics and parameters."""
        return await workflow_view.details(await workflows.get(workflow_uuid(workflow_id), caller.viewer))

    @get(
        "/{workflow_id:str}/logs",
        guards=[requires("view_workflow")],
        operation_id="get_workflow_logs_api_v1_workflows__workflow_id__logs_get",
        responses=failures(WorkflowNotFound),
    )
    async def get_workflow_logs(
        self,
        workflow_id: FromPath[WorkflowId],
        workflow_service: NamedDependency[WorkflowService],
        caller: NamedDependency[Caller],
    ) -> LogsOfJob:
        """What its jobs printed, the oldest job first."""
        return LogsOfJob(logs=await workflow_service.logs(workflow_uuid(workflow_id), caller))

    @get(
        "/{workflow_id:str}/result/download",
        guards=[requires("view_workflow")],
        operation_id="get_workflow_result_download_api_v1_workflows__workflow_id__result_download_get",
        responses=failures(WorkflowNotFound, WorkflowResultNotReady),
    )
    async def get_workflow_result_download(
        self,
        workflow_id: FromPath[WorkflowId],
        workflows: NamedDependency[WorkflowRepository],
        workflow_view: NamedDependency[WorkflowView],
        caller: NamedDependency[Caller],
    ) -> Response[str]:
        """A signed URL of the compiled results, as a JSON string."""
        row = await workflows.get(workflow_uuid(workflow_id), caller.viewer)
        if row.compiled_key is None:
            raise WorkflowResultNotReady(id=workflow_id, status=row.status)
        quoted = msgspec.json.encode(await workflow_view.download_url(row)).decode()  # Litestar sends a str as it is
        return Response(quoted, media_type="application/json")

    @delete(
        "/{workflow_id:str}",
        guards=[requires("change_workflow")],
        operation_id="delete_workflow_api_v1_workflows__workflow_id__delete",
        status_code=200,
        responses=failures(WorkflowNotFound, WorkflowRunning),
    )
    async def delete_workflow(
        self,
        workflow_id: FromPath[WorkflowId],
        workflow_service: NamedDependency[WorkflowService],
        caller: NamedDependency[Caller],
        force: FromQuery[bool] = False,
    ) -> WorkflowDetails:
        """Deletes a workflow; a running one only by force, which also stops its jobs."""
        return await workflow_service.delete(workflow_uuid(workflow_id), caller, force=force)

    @post(
        "/{workflow_id:str}/cancel",
        guards=[requires("change_workflow")],
        status_code=200,
        responses=failures(WorkflowNotFound),
    )
    async def cancel_workflow(
        self,
        workflow_id: FromPath[WorkflowId],
        workflow_service: NamedDependency[WorkflowService],
        workflow_view: NamedDependency[WorkflowView],
        caller: NamedDependency[Caller],
    ) -> WorkflowDetails:
        """Stops a workflow: it is `failed`, with the reason `cancelled`. Asking again changes nothing."""
        return await workflow_view.details(await workflow_service.cancel(workflow_uuid(workflow_id), caller))

    @post(
        "/{workflow_id:str}/retry",
        guards=[requires("change_workflow")],
        status_code=200,
        responses=failures(WorkflowNotFound, WorkflowStopping, DatasetNotFound, QuotaReached),
    )
    async def retry_workflow(
        self,
        workflow_id: FromPath[WorkflowId],
        workflow_service: NamedDependency[WorkflowService],
        workflow_view: NamedDependency[WorkflowView],
        caller: NamedDependency[Caller],
    ) -> WorkflowDetails:
        """Goes on with a failed workflow; what is finished is kept. Any other is left alone."""
        return await workflow_view.details(await workflow_service.retry(workflow_uuid(workflow_id), caller))


def workflow_uuid(text: str) -> UUID:
    """Raises WorkflowNotFound for a text that cannot be an id."""
    try:
        return UUID(text)
    except ValueError:
        raise WorkflowNotFound(id=text) from None
