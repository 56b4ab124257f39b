"""`/reports`."""

import datetime as dt
from collections.abc import AsyncGenerator, Sequence

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Stream

from touchstone.adapters.attachments import attachment
from touchstone.domains.families.model import families_shown
from touchstone.domains.reports.model import EARLIEST, EXECUTION_COLUMNS, RESULT_COLUMNS
from touchstone.domains.reports.repository import ReportRepository
from touchstone.domains.reports.streams import begun, csv_file
from touchstone.http.caller import Caller
from touchstone.http.guards import requires

CSV = "text/csv"


class ReportController(Controller):
    path = "/api/v1/reports"
    tags = ["reports"]

    @get(
        "/test-results",
        guards=[requires("view_report")],
        operation_id="get_testresults_report_v1_reports_test_results_get",
        media_type=CSV,
    )
    async def get_testresults_report(
        self,
        caller: NamedDependency[Caller],
        reports: NamedDependency[ReportRepository],
        start_date: FromQuery[dt.datetime] = EARLIEST,
        end_date: FromQuery[dt.datetime | None] = None,
    ) -> Stream:
        """All results of the artefacts that were made in a range of time, as CSV."""
        rows = reports.copy_results(start_date, end_date, families_shown(caller))
        return await _download("test-results.csv", RESULT_COLUMNS, rows)

    @get(
        "/test-executions",
        guards=[requires("view_report")],
        operation_id="get_test_execution_reports_v1_reports_test_executions_get",
        media_type=CSV,
    )
    async def get_test_execution_reports(
        self,
        caller: NamedDependency[Caller],
        reports: NamedDependency[ReportRepository],
        start_date: FromQuery[dt.datetime] = EARLIEST,
        end_date: FromQuery[dt.datetime | None] = None,
    ) -> Stream:
        """The executions that were made in a range of time, with their reviews and events, as CSV."""
        rows = reports.copy_executions(start_date, end_date, families_shown(caller))
        return await _download("test-executions.csv", EXECUTION_COLUMNS, rows)


async def _download(name: str, columns: Sequence[str], rows: AsyncGenerator[bytes]) -> Stream:
    content = await begun(csv_file(columns, rows))
    return Stream(content, media_type=CSV, headers={"Content-Disposition": attachment(name)})
