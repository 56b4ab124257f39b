"""`/api/jobs`: jobs in the form of Ray's dashboard."""

from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from touchstone.domains.jobs.model import JobNotFound
from touchstone.domains.jobs.repository import JobRepository
from touchstone.domains.jobs.schemas import RayJob
from touchstone.domains.jobs.views import JobView
from touchstone.http.caller import Caller
from touchstone.http.guards import requires
from touchstone.http.openapi import failures


class RayJobController(Controller):
    path = "/api/jobs"
    tags = ["jobs"]

    @get("/{submission_id:str}", guards=[requires("view_job")], responses=failures(JobNotFound))
    async def get_ray_job(
        self,
        submission_id: FromPath[UUID],
        jobs: NamedDependency[JobRepository],
        job_view: NamedDependency[JobView],
        caller: NamedDependency[Caller],
    ) -> RayJob:
        """A job in the form of Ray's dashboard, for clients that wait there; Ray itself stays private."""
        return job_view.ray_job(await jobs.get(submission_id, caller.viewer))
