"""`/execution-metadata`."""

from litestar import Controller, Response, get
from litestar.di import NamedDependency

from touchstone.domains.execution_metadata.repository import ExecutionMetadataRepository
from touchstone.domains.execution_metadata.schemas import ExecutionMetadataGetResponse
from touchstone.http.guards import requires
from touchstone.http.json_answers import json_answer


class ExecutionMetadataController(Controller):
    path = "/api/v1/execution-metadata"
    tags = ["execution-metadata"]

    @get(guards=[requires("view_test")], operation_id="get_execution_metadata_v1_execution_metadata_get")
    async def get_execution_metadata(
        self, execution_metadata: NamedDependency[ExecutionMetadataRepository]
    ) -> Response[ExecutionMetadataGetResponse]:
        """Every pair of category and value that an execution has, or had."""
        return json_answer(await execution_metadata.list_json())
