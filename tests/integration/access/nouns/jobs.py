"""`/jobs`; each that a path names has ended."""

from typing import Any

from tests.builders import inference, upload
from tests.integration.access.world import Values, World


async def ended_job(world: World, _: Values) -> str:
    body = inference(await upload(world.admin), store_to_dataset=True)
    job = (await world.admin.post("/api/v1/jobs/inference/", json=body)).json()["id"]
    await world.work()
    return job


async def new_inference(world: World, _: Values) -> dict[str, Any]:
    return {"json": inference(await upload(world.admin))}


async def new_evaluation(world: World, _: Values) -> dict[str, Any]:
    return {"json": {"name": "e", "dataset": await upload(world.admin), "job_config": {"metrics": ["rouge"]}}}


async def new_annotation(world: World, _: Values) -> dict[str, Any]:
    return {"json": {"name": "a", "dataset": await upload(world.admin), "job_config": {}}}


PATHS = {"/jobs/{job_id}": ended_job, "/api/jobs/{submission_id}": ended_job}
REQUESTS = {
    "POST /jobs/inference": new_inference,
    "POST /jobs/evaluator": new_evaluation,
    "POST /jobs/annotate": new_annotation,
}
