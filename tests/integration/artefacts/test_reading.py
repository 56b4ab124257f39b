"""Artefacts read: the listing, the search, histories and versions."""

import pytest
from tests.artefacts import add_artefact, add_build, add_review
from tests.people import add_user, as_application, as_user

ARTEFACTS = "/api/v1/artefacts"
EXTENSIONS = {"Accept-Extensions": "touchstone"}


@pytest.fixture
async def reader(client, database):
    return await as_user(client, database, "view_artefact")


@pytest.mark.parametrize(
    "path", ["", "?family=fish", "/search", "/history", "/1", "/x", "/1/versions", "/1/decisions", "/1/builds"]
)
async def test_a_caller_without_permission_is_refused_before_anything_is_checked(client, database, path):
    anonymous = await client.get(ARTEFACTS + path)
    user = await (await as_user(client, database, "change_artefact")).get(ARTEFACTS + path)
    assert (anonymous.status_code, user.status_code) == (403, 403)
    assert anonymous.json()["detail"] == "Insufficient permissions"


async def listed(client, query="", **headers):
    answer = await client.get(f"{ARTEFACTS}{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return [artefact["id"] for artefact in answer.json()]


async def test_an_artefact_is_answered_with_its_reviewers_and_the_counts_of_its_latest_builds(reader, database):
    artefact = await add_artefact(database, version="1", store="ubuntu", jira_issue="PROJ-1")
    user = await add_user(database, "ada@example.test", name="Ada")
    await database.execute("insert into artefact_reviewer (artefact_id, user_id) values ($1, $2)", artefact, user)
    old, new = await add_build(database, artefact, revision=1), await add_build(database, artefact, revision=2)
    await add_review(database, old, "desktop", ["REJECTED"])
    await add_review(database, new, "laptop", ["REJECTED"])
    await add_review(database, new, "server")
    answer = await reader.get(f"{ARTEFACTS}/{artefact}")
    found = answer.json()
    ada = {"id": user, "name": "Ada", "email": "ada@example.test", "launchpad_email": "ada@example.test"}
    assert found["reviewers"] == [{**ada, "launchpad_handle": None}]
    assert found["assignee"] == found["reviewers"][0]
    assert (found["all_environment_reviews_count"], found["completed_environment_reviews_count"]) == (2, 1)
    assert (found["archived"], found["due_date"], found["jira_issue"], found["status"]) == (
        False,
        None,
        "PROJ-1",
        "UNDECIDED",
    )
    assert answer.headers["etag"] == '"1"'
    assert (await reader.get(f"/v1/artefacts/{artefact}")).json() == found
    assert (await reader.get(f"{ARTEFACTS}?family=snap")).json() == [found]


async def test_one_that_is_not_there_is_a_404(reader):
    for path in ("/4711", "/4711/versions", "/4711/builds", "/4711/decisions"):
        answer = await reader.get(ARTEFACTS + path)
        assert (answer.status_code, answer.json()["detail"]) == (404, "Artefact with id 4711 not found")


@pytest.mark.parametrize(
    ("family", "columns"),
    [
        ("snap", ("stage", "name", "track", "branch")),
        ("deb", ("stage", "name", "repo", "series", "source")),
        ("image", ("stage", "name", "os", "release")),
        ("solution", ("stage", "name", "source", "track")),
        ("model", ("stage", "name", "source")),
    ],
)
async def test_the_listing_shows_the_newest_of_each_group(reader, database, family, columns):
    same = dict.fromkeys(columns, "beta")
    await add_artefact(database, family, version="1", **same, age_days=2)
    newest = await add_artefact(database, family, version="2", **same, age_days=1)
    others = [await add_artefact(database, family, **{**same, column: "edge"}, age_days=3) for column in columns]
    assert set(await listed(reader, f"?family={family}", **EXTENSIONS)) == {newest, *others}


async def test_charms_are_listed_all_and_ties_are_too(reader, database):
    charms = [await add_artefact(database, "charm", version=str(age), age_days=age) for age in (3, 2, 1)]
    assert await listed(reader, "?family=charm") == charms
    images = await database.fetch_value(
        """
        with made as (
            insert into artefact (family, name, version, sha256)
            select 'image', 'i', '1', sha256 from unnest('{a,b}'::text[]) as sha256 returning id
        ) select array_agg(id order by id) from made
        """
    )
    assert await listed(reader, "?family=image") == images


async def test_the_archived_are_not_listed_and_hide_nothing(reader, database):
    shown = await add_artefact(database, age_days=2)
    await add_artefact(database, is_archived=True)
    assert await listed(reader, "?family=snap") == [shown]


async def test_families_follow_each_other_and_each_is_in_the_order_of_names(reader, database):
    made = {}
    for family in ("model", "solution", "image", "charm", "deb", "snap"):
        for name in ("b", "a"):
            made[family, name] = await add_artefact(database, family, name=name)
    contract = [made[f, name] for f in ("snap", "deb", "charm", "image", "solution") for name in "ab"]
    assert await listed(reader) == contract
    ours = [made["model", name] for name in "ab"]
    assert await listed(reader, **EXTENSIONS) == contract + ours
    assert await listed(reader, "?family=model") == ours


async def test_a_model_is_there_for_those_who_know_of_models(reader, database):
    model = await add_artefact(database, "model", source="hub")
    for path in ("", "/versions", "/builds", "/decisions"):
        assert (await reader.get(f"{ARTEFACTS}/{model}{path}")).status_code == 404
        assert (await reader.get(f"{ARTEFACTS}/{model}{path}", headers=EXTENSIONS)).status_code == 200


async def test_names_are_found_by_their_parts(reader, database):
    for name in ("linux-oem", "linux-aws", "core22", "core22"):
        await add_artefact(database, name=name)
    await add_artefact(database, "deb", name="linux-deb")
    await add_artefact(database, name="linux-gone", is_archived=True)

    async def found(**query):
        return (await reader.get(f"{ARTEFACTS}/search", params=query)).json()

    assert await found() == {
        "artefacts": ["core22", "linux-aws", "linux-deb", "linux-oem"],
        "count": 4,
        "limit": 50,
        "offset": 0,
    }
    assert (await found(q=" LINUX-%e_ "))["artefacts"] == ["linux-deb", "linux-oem"]
    assert (await found(q="linux", families=["snap"]))["artefacts"] == ["linux-aws", "linux-oem"]
    assert await found(limit=1, offset=1) == {"artefacts": ["linux-aws"], "count": 4, "limit": 1, "offset": 1}
    assert (await found(q="\\"))["count"] == 0
    for wrong in ({"limit": 0}, {"limit": 1001}, {"offset": -1}, {"families": "fish"}):
        assert (await reader.get(f"{ARTEFACTS}/search", params=wrong)).status_code == 422


async def test_a_history_goes_back_from_the_newest_with_the_archived(reader, database):
    made = [await add_artefact(database, version=str(number), is_archived=number == 2) for number in (1, 2, 3)]
    await add_artefact(database, track="20")
    staged = await add_artefact(database, stage="stable")

    async def history(**query):
        answer = await reader.get(f"{ARTEFACTS}/history", params={"name": "core", "family": "snap", **query})
        return answer.json()["count"], [item["artefact_id"] for item in answer.json()["items"]]

    assert await history() == (4, [staged, *reversed(made)])
    assert await history(stage="stable") == (1, [staged])
    assert await history(limit=2, offset=1) == (4, [made[2], made[1]])
    assert await history(family="deb") == (0, [])
    assert (await history(track="20"))[0] == 1
    items = (await reader.get(f"{ARTEFACTS}/history?name=core&family=snap&stage=stable")).json()["items"]
    assert set(items[0]) == {"artefact_id", "name", "version", "stage", "created_at"}
    for wrong in ({"name": "core"}, {"name": "core", "family": "snap", "stage": ""}):
        assert (await reader.get(f"{ARTEFACTS}/history", params=wrong)).status_code == 422


async def test_versions_are_of_what_differs_in_version_store_and_stage_alone(reader, database):
    first = await add_artefact(database, version="1", is_archived=True)
    second = await add_artefact(database, version="2", store="other", stage="edge")
    for column in ("name", "track", "branch", "series", "repo", "os", "release", "source"):
        await add_artefact(database, **{column: "else"})
    expected = [{"version": "2", "artefact_id": second}, {"version": "1", "artefact_id": first}]
    assert (await reader.get(f"{ARTEFACTS}/{first}/versions")).json() == expected


async def test_solutions_of_other_bundles_are_no_versions(reader, database):
    first = await add_artefact(database, "solution", source="s", version="1")
    await add_artefact(database, "solution", source="s", version="2", bundle_digest="x")
    assert [v["artefact_id"] for v in (await reader.get(f"{ARTEFACTS}/{first}/versions")).json()] == [first]


async def test_applications_read_too(client, database):
    artefact = await add_artefact(database)
    application = await as_application(client, database, "view_artefact")
    assert (await application.get(f"{ARTEFACTS}/{artefact}")).status_code == 200
