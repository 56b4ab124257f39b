"""What knowing the caller costs: requests a second with a session or a key, against the same requests without any.

The trivial read asks no database of its own, so that nothing hides the cost. Rate limits are on, too high to refuse.
"""

import asyncio
import re
import shutil
import subprocess
from typing import NamedTuple

import asyncpg
from measure import (
    Bound,
    Measured,
    Options,
    interleaved,
    read_options,
    tell_load,
    tell_machine,
    tell_pairs,
    until_quiet,
)
from service import bench_folder, parts_in, served, with_changes

from touchstone.domains.auth.tokens import digest_of, masked, new_api_key, new_token
from touchstone.domains.permissions.model import EVALUATION_PERMISSIONS

FLOOR = Bound("at least", 0.6)
CONNECTIONS = 16
TRIVIAL, ONE_LIST = "/api/v1/version", "/api/v1/experiments/?limit=1"


class Credential(NamedTuple):
    name: str
    headers: list[str]


async def main() -> None:
    options = read_options(__doc__ or "")
    tell_machine("access.py")
    if shutil.which("wrk") is None:
        print("wrk is not installed (Debian: apt-get install wrk); nothing is measured")
        return
    async with bench_folder() as folder, parts_in(folder / "data") as (parts, settings):
        assert parts.database_owner_url
        limited = with_changes(settings, rate_limit_principal=2**31 - 1, rate_limit_address=2**31 - 1)
        credentials = await _credentials(parts.database_owner_url)
        async with served(limited, folder, "--no-worker"):
            await until_quiet(options)
            for credential in credentials:
                for path in (TRIVIAL, ONE_LIST):
                    await _measure(options, settings.api_url + path, path, credential)
            tell_load("after")


async def _credentials(owner_url: str) -> list[Credential]:
    """Of a user in ten teams, and of an application, each with every permission of the evaluation."""
    connection = await asyncpg.connect(owner_url)
    token, key = new_token(), new_api_key()
    words = list(EVALUATION_PERMISSIONS)
    await connection.execute(
        """
        with person as (insert into app_user (email, name) values ('a@example.test', 'A') returning id),
            teams as (insert into team (name, permissions) select 'team ' || number, $1::text[]
                from generate_series(1, 10) as number returning id),
            members as (insert into team_member (team_id, user_id) select teams.id, person.id from teams, person)
        insert into user_session (token_digest, user_id, method, idle_until, expires_at)
        select $2, id, 'local', now() + interval '1 day', now() + interval '1 day' from person
        """,
        words,
        digest_of(token),
    )
    await connection.execute(
        """
        with machine as (insert into application (name, permissions) values ('a machine', $1::text[]) returning id)
        insert into api_key (application_id, digest, masked) select id, $2, $3 from machine
        """,
        words,
        digest_of(key),
        masked(key),
    )
    await connection.close()
    session = Credential("a session", [f"Cookie: session={token}", "X-CSRF-Token: 1"])
    return [session, Credential("a key", [f"Authorization: Bearer {key}"])]


async def _measure(options: Options, url: str, path: str, credential: Credential) -> None:
    known = _rate(options, url, credential.headers)
    pairs = await interleaved(known, _rate(options, url, []), options.pairs)
    tell_pairs(f"{path} with {credential.name}", pairs, FLOOR if path == TRIVIAL else None, "requests/s")


def _rate(options: Options, url: str, headers: list[str]) -> Measured:
    seconds = 1 if options.quick else 4
    named = [part for header in headers for part in ("--header", header)]

    async def requests_a_second() -> float:
        command = ["wrk", "--threads=1", f"--connections={CONNECTIONS}", f"--duration={seconds}s", *named, url]
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        printed, _ = await process.communicate()
        found = re.search(rb"Requests/sec:\s*([\d.]+)", printed)
        if b"Non-2xx" in printed or found is None:
            raise RuntimeError(f"wrk at {url}: {printed.decode()}")
        return float(found[1])

    return requests_a_second


if __name__ == "__main__":
    asyncio.run(main())
