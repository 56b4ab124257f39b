"""`/datasets`."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery

from touchstone.domains.belonging.model import Belonging, belonging_of
from touchstone.domains.datasets.model import (
    Dataset,
    DatasetDownloadNotFound,
    DatasetInUse,
    DatasetInvalid,
    DatasetMissingFields,
    DatasetNotFound,
    DatasetTooLarge,
)
from touchstone.domains.datasets.repository import DatasetRepository
from touchstone.domains.datasets.schemas import DatasetDownload, DatasetUpload
from touchstone.domains.datasets.service import DatasetService
from touchstone.domains.idempotent_requests.model import CallInFlight, IdempotentCall
from touchstone.domains.limits.model import QuotaReached
from touchstone.errors import Unavailable
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.openapi import failures
from touchstone.http.pages import page_of
from touchstone.http.paging import Listing


class DatasetController(Controller):
    path = "/api/v1/datasets"
    tags = ["datasets"]

    @post(
        guards=[requires("change_dataset")],
        operation_id="upload_dataset_api_v1_datasets__post",
        responses=failures(
            DatasetMissingFields, DatasetTooLarge, DatasetInvalid, CallInFlight, QuotaReached, Unavailable
        ),
    )
    async def upload_dataset(
        self,
        data: Annotated[DatasetUpload, Body(media_type=RequestEncodingType.MULTI_PART)],
        request: Request[Any, Any, Any],
        dataset_service: NamedDependency[DatasetService],
        idempotent_call: NamedDependency[IdempotentCall | None],
        caller: NamedDependency[Caller],
    ) -> Response[Dataset]:
        """Uploads a dataset: CSV, JSON lines or Parquet with a column `examples`."""
        belonging = belonging_of(caller, data, Belonging())
        dataset = await dataset_service.upload(
            data.dataset.file, data.dataset.filename, belonging, caller, idempotent_call
        )
        location = f"{str(request.base_url).rstrip('/')}/api/v1/datasets/{dataset.id}"
        return Response(dataset, status_code=201, headers={"Location": location})

    @get(guards=[requires("view_dataset")], operation_id="list_datasets_api_v1_datasets__get")
    async def list_datasets(
        self,
        request: Request[Any, Any, Any],
        datasets: NamedDependency[DatasetRepository],
        caller: NamedDependency[Caller],
        skip: FromQuery[int] = 0,
        limit: FromQuery[int] = 100,
        cursor: FromQuery[str | None] = None,
    ) -> Response[Listing[Dataset]]:
        """Datasets, oldest first."""
        page = page_of(request, skip, limit, cursor)
        items = await datasets.list_oldest(caller.viewer, skip=page.skip, limit=page.limit, after=page.after)
        return page.answer(await datasets.count(caller.viewer), items, lambda dataset: (dataset.created_at, dataset.id))

    @get(
        "/{dataset_id:str}",
        guards=[requires("view_dataset")],
        operation_id="get_dataset_api_v1_datasets__dataset_id__get",
        responses=failures(DatasetNotFound),
    )
    async def get_dataset(
        self,
        dataset_id: FromPath[UUID],
        datasets: NamedDependency[DatasetRepository],
        caller: NamedDependency[Caller],
    ) -> Dataset:
        """One dataset."""
        return await datasets.get(dataset_id, caller.viewer)

    @delete(
        "/{dataset_id:str}",
        guards=[requires("change_dataset")],
        operation_id="delete_dataset_api_v1_datasets__dataset_id__delete",
        responses=failures(DatasetNotFound, DatasetInUse),
    )
    async def delete_dataset(
        self,
        dataset_id: FromPath[UUID],
        dataset_service: NamedDependency[DatasetService],
        caller: NamedDependency[Caller],
    ) -> None:
        """Deletes a dataset that no unfinished job or workflow needs."""
        await dataset_service.delete(dataset_id, caller)

    @get(
        "/{dataset_id:str}/download",
        guards=[requires("view_dataset")],
        operation_id="get_dataset_download_api_v1_datasets__dataset_id__download_get",
        responses=failures(DatasetDownloadNotFound, Unavailable),
    )
    async def get_dataset_download(
        self,
        dataset_id: FromPath[UUID],
        dataset_service: NamedDependency[DatasetService],
        caller: NamedDependency[Caller],
        extension: FromQuery[str | None] = None,
    ) -> DatasetDownload:
        """Signed URLs of a dataset's files."""
        return await dataset_service.downloads(dataset_id, extension, caller)
