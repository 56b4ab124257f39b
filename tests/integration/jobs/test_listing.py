"""Lists of jobs: order, bounds, totals, kinds, keyset pages."""

import asyncio
from uuid import UUID

import pytest
from tests.builders import inference


@pytest.fixture
async def posted(submit, dataset) -> list[str]:
    """Ids of five jobs, oldest first: three inferences, an annotation, an evaluation."""
    jobs = [await submit(inference(dataset, name=f"job {number}")) for number in range(3)]
    jobs.append(await submit({"name": "labels", "dataset": dataset, "job_config": {}}, "annotate"))
    jobs.append(await submit({"name": "scores", "dataset": dataset, "job_config": {}}, "evaluator"))
    return [job["id"] for job in jobs]


def ids(listing: dict) -> list[str]:
    return [item["id"] for item in listing["items"]]


async def test_jobs_come_newest_first_with_an_honest_total(read, posted):
    listing = await read("jobs/")
    assert ids(listing) == posted[::-1]
    assert listing["total"] == 5


async def test_the_total_counts_what_the_page_leaves_out(read, posted):
    listing = await read("jobs/?skip=1&limit=2")
    assert ids(listing) == posted[3:1:-1]
    assert listing["total"] == 5


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("limit=0", []),
        ("skip=5", []),
        ("skip=99", []),
        ("skip=-3", [4, 3, 2, 1, 0]),
        ("limit=-1", [4, 3, 2, 1, 0]),
        ("skip=3&limit=-1", [1, 0]),
        ("skip=4", [0]),
    ],
)
async def test_any_bounds_give_a_page(read, posted, query, places):
    listing = await read(f"jobs/?{query}")
    assert ids(listing) == [posted[place] for place in places]
    assert listing["total"] == 5


@pytest.mark.parametrize("query", ["skip=x", "limit=1.5", "limit=99999999999999999999"])
async def test_bounds_that_are_no_numbers_are_refused(client, query):
    answer = await client.get(f"/api/v1/jobs/?{query}")
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"][0]["loc"] == ["query", query.partition("=")[0]]


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("job_types=inference", [2, 1, 0]),
        ("job_types=annotate&job_types=evaluator", [4, 3]),
        ("job_types=nonsense", []),
        ("job_types=nonsense&job_types=annotate", [3]),
    ],
)
async def test_kinds_narrow_the_list_and_the_total(read, posted, query, places):
    listing = await read(f"jobs/?{query}")
    assert ids(listing) == [posted[place] for place in places]
    assert listing["total"] == len(places)


async def test_links_lead_through_all_jobs_though_new_ones_come_in_between(client, read, submit, dataset, posted):
    seen: list[str] = []
    url: str | None = "/api/v1/jobs/?limit=2&job_types=inference&job_types=annotate&job_types=evaluator"
    while url:
        answer = await client.get(url)
        seen += ids(answer.json())
        assert answer.json()["total"] >= 5
        url = answer.links.get("next", {}).get("url")
        await submit(inference(dataset, name="a newcomer"))
    assert seen == posted[::-1]


async def test_jobs_of_the_same_moment_keep_one_order_over_all_pages(client, read, parts, posted):
    await parts.database.execute("update job set created_at = '2026-01-01T00:00:00Z'")
    expected = sorted(posted, key=UUID, reverse=True)
    assert ids(await read("jobs/")) == expected
    assert [ids(await read(f"jobs/?skip={place}&limit=1"))[0] for place in range(5)] == expected
    first = await client.get("/api/v1/jobs/?limit=3")
    second = await client.get(first.links["next"]["url"])
    assert ids(first.json()) + ids(second.json()) == expected


async def test_a_page_that_is_not_full_leads_nowhere(client, posted):
    assert "link" not in (await client.get("/api/v1/jobs/?limit=6")).headers
    assert "link" not in (await client.get("/api/v1/jobs/?limit=0")).headers


@pytest.mark.parametrize("cursor", ["nonsense", "W10", "WyJhIiwiYiJd"])
async def test_a_cursor_that_is_none_is_refused(client, cursor):
    answer = await client.get(f"/api/v1/jobs/?cursor={cursor}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "cursor"]


async def test_many_jobs_posted_at_once_are_all_listed(read, submit, dataset):
    created = await asyncio.gather(*(submit(inference(dataset, name=f"job {number}")) for number in range(40)))
    listing = await read("jobs/?limit=100")
    assert {job["id"] for job in created} == set(ids(listing))
    assert listing["total"] == 40
