"""`/experiments`."""

from typing import Annotated, Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta

from touchstone.domains.datasets.model import DatasetNotFound
from touchstone.domains.experiments.comparison import ComparisonService
from touchstone.domains.experiments.model import ExperimentNotFound, ExperimentShared
from touchstone.domains.experiments.repository import ExperimentRepository
from touchstone.domains.experiments.schemas import Comparison, Experiment, NewExperiment
from touchstone.domains.experiments.service import ExperimentService
from touchstone.domains.idempotent_requests.model import CallInFlight, IdempotentCall
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.openapi import failures
from touchstone.http.pages import Page, page_of
from touchstone.http.paging import Listing

SampleCount = Annotated[int, Meta(ge=0, le=1000)]


class ExperimentController(Controller):
    path = "/api/v1/experiments"
    tags = ["experiments"]

    @post(
        guards=[requires("change_experiment")],
        operation_id="create_experiment_id_api_v1_experiments__post",
        responses=failures(DatasetNotFound, CallInFlight),
    )
    async def create_experiment_id(
        self,
        data: JSONBody[NewExperiment],
        experiment_service: NamedDependency[ExperimentService],
        idempotent_call: NamedDependency[IdempotentCall | None],
        caller: NamedDependency[Caller],
    ) -> Experiment:
        """Creates an experiment on a dataset; the answer's name wins where the name was taken."""
        return await experiment_service.create(data, caller, idempotent_call)

    @get(guards=[requires("view_experiment")], operation_id="list_experiments_api_v1_experiments__get")
    async def list_experiments(
        self,
        request: Request[Any, Any, Any],
        experiments: NamedDependency[ExperimentRepository],
        experiment_service: NamedDependency[ExperimentService],
        caller: NamedDependency[Caller],
        skip: FromQuery[int] = 0,
        limit: FromQuery[int] = 100,
        cursor: FromQuery[str | None] = None,
    ) -> Response[Listing[Experiment]]:
        """Experiments with their workflows, newest first."""
        return await _listed(page_of(request, skip, limit, cursor, int), experiments, experiment_service, caller)

    @get("/all", guards=[requires("view_experiment")])
    async def list_all_experiments(
        self,
        request: Request[Any, Any, Any],
        experiments: NamedDependency[ExperimentRepository],
        experiment_service: NamedDependency[ExperimentService],
        caller: NamedDependency[Caller],
        skip: FromQuery[int] = 0,
        limit: FromQuery[int] = 100,
        cursor: FromQuery[str | None] = None,
    ) -> Response[Listing[Experiment]]:
        """The same list where the published client asks for it."""
        return await _listed(page_of(request, skip, limit, cursor, int), experiments, experiment_service, caller)

    @get(
        "/{experiment_id:str}",
        guards=[requires("view_experiment")],
        operation_id="get_experiment_api_v1_experiments__experiment_id__get",
        responses=failures(ExperimentNotFound),
    )
    async def get_experiment(
        self,
        experiment_id: FromPath[str],
        experiment_service: NamedDependency[ExperimentService],
        caller: NamedDependency[Caller],
    ) -> Experiment:
        """One experiment with its workflows."""
        return await experiment_service.get(experiment_id, caller)

    @get("/{experiment_id:str}/compare", guards=[requires("view_experiment")], responses=failures(ExperimentNotFound))
    async def compare_workflows(
        self,
        experiment_id: FromPath[str],
        comparison_service: NamedDependency[ComparisonService],
        caller: NamedDependency[Caller],
        skip: FromQuery[Annotated[int, Meta(ge=0)]] = 0,
        limit: FromQuery[SampleCount] = 20,
    ) -> Comparison:
        """Metrics of the experiment's workflows side by side, and a page of samples."""
        return await comparison_service.compare(experiment_id, caller, skip=skip, limit=limit)

    @delete(
        "/{experiment_id:str}",
        guards=[requires("change_experiment")],
        operation_id="delete_experiment_api_v1_experiments__experiment_id__delete",
        status_code=200,
        responses=failures(ExperimentNotFound, ExperimentShared),
    )
    async def delete_experiment(
        self,
        experiment_id: FromPath[str],
        experiment_service: NamedDependency[ExperimentService],
        caller: NamedDependency[Caller],
    ) -> Response[None]:
        """Deletes an experiment with its workflows."""
        await experiment_service.delete(experiment_id, caller)
        return Response(None, media_type="application/json")


async def _listed(
    page: Page, experiments: ExperimentRepository, service: ExperimentService, caller: Caller
) -> Response[Listing[Experiment]]:
    rows = await experiments.list_newest(caller.viewer, skip=page.skip, limit=page.limit, before=page.after)
    items = await service.with_workflows(rows, caller)
    return page.answer(await experiments.count(caller.viewer), items, lambda item: (item.created_at, int(item.id)))
