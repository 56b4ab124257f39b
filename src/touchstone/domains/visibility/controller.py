"""`/{datasets|experiments|workflows|jobs|settings/secrets}/{id}/visibility`: whose it is, and who sees it."""

from uuid import UUID

from litestar import Controller, get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from touchstone.domains.belonging.model import Belonging, BelongingChange, NotTheOwner
from touchstone.domains.datasets.model import DatasetNotFound
from touchstone.domains.experiments.model import ExperimentNotFound
from touchstone.domains.jobs.model import JobNotFound
from touchstone.domains.visibility.model import JobOfWorkflow, SecretUnknown
from touchstone.domains.visibility.service import VisibilityService
from touchstone.domains.workflows.model import WorkflowNotFound
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.openapi import failures


class VisibilityController(Controller):
    path = "/api/v1"
    tags = ["visibility"]

    @get(
        "/datasets/{dataset_id:str}/visibility", guards=[requires("view_dataset")], responses=failures(DatasetNotFound)
    )
    async def get_dataset_visibility(
        self,
        dataset_id: FromPath[UUID],
        visibility_service: NamedDependency[VisibilityService],
        caller: NamedDependency[Caller],
    ) -> Belonging:
        """Whose a dataset is, and who sees it."""
        return await visibility_service.get("dataset", dataset_id, caller)

    @patch(
        "/datasets/{dataset_id:str}/visibility",
        guards=[requires("change_dataset")],
        responses=failures(DatasetNotFound, NotTheOwner),
    )
    async def change_dataset_visibility(
        self,
        dataset_id: FromPath[UUID],
        data: JSONBody[BelongingChange],
        visibility_service: NamedDependency[VisibilityService],
        caller: NamedDependency[Caller],
    ) -> Belonging:
        """Says who sees a dataset; for its owner and administrators."""
        return await visibility_service.change("dataset", dataset_id, data, caller)

    @get(
        "/experiments/{experiment_id:str}/visibility",
        guards=[requires("view_experiment")],
        responses=failures(ExperimentNotFound),
    )
    async def get_experiment_visibility(
        self,
        experiment_id: FromPath[str],
        visibility_service: NamedDependency[VisibilityService],
        caller: NamedDependency[Caller],
    ) -> Belonging:
        """Whose an experiment is, and who sees it."""
        return await visibility_service.get("experiment", experiment_id, caller)

    @patch(
        "/experiments/{experiment_id:str}/visibility",
        guards=[requires("change_experiment")],
        responses=failures(ExperimentNotFound, NotTheOwner),
    )
    async def change_experiment_visibility(
        self,
        experiment_id: FromPath[str],
        data: JSONBody[BelongingChange],
        visibility_service: NamedDependency[VisibilityService],
        caller: NamedDependency[Caller],
    ) -> Belonging:
        """Says who sees an experiment, and what its owner made in it; for its owner and administrators."""
        return await visibility_service.change("experiment", experiment_id, data, caller)

    @get(
        "/workflows/{workflow_id:str}/visibility",
        guards=[requires("view_workflow")],
        responses=failures(WorkflowNotFound),
    )
    async def get_workflow_visibility(
        self,
        workflow_id: FromPath[str],
        visibility_service: NamedDependency[VisibilityService],
        caller: NamedDependency[Caller],
    ) -> Belonging:
        """Whose a workflow is, and who sees it."""
        return await visibility_service.get("workflow", workflow_id, caller)

    @patch(
        "/workflows/{workflow_id:str}/visibility",
        guards=[requires("change_workflow")],
        responses=failures(WorkflowNotFound, NotTheOwner),
    )
    async def change_workflow_visibility(
        self,
        workflow_id: FromPath[str],
        data: JSONBody[BelongingChange],
        visibility_service: NamedDependency[VisibilityService],
        caller: NamedDependency[Caller],
    ) -> Belonging:
        """Says who sees a workflow, and what its owner made in it; for its owner and administrators."""
        return await visibility_service.change("workflow", workflow_id, data, caller)

    @get("/jobs/{job_id:str}/visibility", guards=[requires("view_job")], responses=failures(JobNotFound))
    async def get_job_visibility(
        self,
        job_id: FromPath[UUID],
        visibility_service: NamedDependency[VisibilityService],
        caller: NamedDependency[Caller],
    ) -> Belonging:
        """Whose a job is, and who sees it."""
        return await visibility_service.get("job", job_id, caller)

    @patch(
        "/jobs/{job_id:str}/visibility",
        guards=[requires("change_job")],
        responses=failures(JobNotFound, NotTheOwner, JobOfWorkflow),
    )
    async def change_job_visibility(
        self,
        job_id: FromPath[UUID],
        data: JSONBody[BelongingChange],
        visibility_service: NamedDependency[VisibilityService],
        caller: NamedDependency[Caller],
    ) -> Belonging:
        """Says who sees a job, and the dataset that it made; for its owner and administrators."""
        return await visibility_service.change("job", job_id, data, caller)

    @get(
        "/settings/secrets/{secret_name:str}/visibility",
        guards=[requires("view_secret")],
        responses=failures(SecretUnknown),
    )
    async def get_secret_visibility(
        self,
        secret_name: FromPath[str],
        visibility_service: NamedDependency[VisibilityService],
        caller: NamedDependency[Caller],
    ) -> Belonging:
        """Whose a secret is, and who sees it."""
        return await visibility_service.get("secret", secret_name, caller)

    @patch(
        "/settings/secrets/{secret_name:str}/visibility",
        guards=[requires("change_secret")],
        responses=failures(SecretUnknown, NotTheOwner),
    )
    async def change_secret_visibility(
        self,
        secret_name: FromPath[str],
        data: JSONBody[BelongingChange],
        visibility_service: NamedDependency[VisibilityService],
        caller: NamedDependency[Caller],
    ) -> Belonging:
        """Says who sees a secret; for its owner and administrators."""
        return await visibility_service.change("secret", secret_name, data, caller)
