# What people do here, by name. `uv run just <recipe>` installs everything first.

set positional-arguments

export PATH := justfile_directory() / ".venv/bin:" + env("PATH")
export PYTHONDONTWRITEBYTECODE := ""

# list the recipes
default:
    @just --list --unsorted

# --- run

# install everything, make .env, install the git hooks
setup:
    uv sync
    touchstone settings > /dev/null
    if [ -d .git ]; then pre-commit install; fi

# the whole loop on embedded parts; on your own texts with: just demo FILE.csv
demo *arguments:
    touchstone demo "$@"

# API and worker on what is set or embedded
serve *arguments:
    touchstone serve "$@"

# put the sample dataset into the service
seed *arguments:
    touchstone seed "$@"

# start all services in containers
up:
    docker compose --env-file deploy/dev.env -f compose.yaml -f compose.dev.yaml up --build --detach --wait

# stop the containers, keep their data
down:
    docker compose --env-file deploy/dev.env -f compose.yaml -f compose.dev.yaml down

# stop the containers and delete their data
reset:
    docker compose --env-file deploy/dev.env -f compose.yaml -f compose.dev.yaml down --volumes --remove-orphans

# --- database

# bring the database to the newest schema
migrate *arguments:
    touchstone migrate "$@"

# make the files of a new migration: just migration add_teams
migration name:
    #!/usr/bin/env python3
    import re, sys
    from pathlib import Path

    folder = Path("migrations")
    name = re.sub(r"[^a-z0-9]+", "_", sys.argv[1].lower()).strip("_")
    if not name:
        sys.exit("a migration needs a name, such as: just migration add_teams")
    numbers = [int(file.name[:4]) for file in folder.glob("[0-9][0-9][0-9][0-9].*.sql")]
    stem = f"{max(numbers, default=0) + 1:04}.{name}"
    for suffix, comment in (("sql", "What this adds, and why."), ("rollback.sql", f"Takes back {stem}.")):
        file = folder / f"{stem}.{suffix}"
        file.write_text(f"-- {comment}\n")
        print(file)

# take back the newest migrations: just rollback 2
rollback *arguments:
    touchstone rollback "$@"

# psql as the owner of the database; arguments after -- go to psql
psql *arguments:
    touchstone psql -- "$@"

# write docs/schema.sql from the migrations
schema:
    touchstone schema --output docs/schema.sql

# --- test

# all tests; arguments go to pytest
test *arguments:
    pytest "$@"

# rules and services without any other system
unit *arguments:
    pytest tests/unit "$@"

# real Postgres, object store and Ray
integration *arguments:
    pytest tests/integration "$@"

# the code that runs on the cluster: all of it, or just jobs inference, just jobs evaluation
jobs kind="" *arguments:
    shift $(( $# > 0 )); pytest tests/jobs/{{ kind }} "$@"

# each protocol's suite on its fake and on the real thing
contract *arguments:
    pytest tests/contract "$@"

# the contracts of existing clients: documents, recorded exchanges, the published SDK
compat *arguments:
    pytest tests/compatibility "$@"

# what needs torch and transformers, in an environment of its own
models *arguments:
    python tests/models/environment.py "$@"

# --- quality

# rewrite the code in the project's form
format:
    ruff format
    ruff check --fix

# what ruff complains about
lint:
    ruff check
    ruff format --check

# strict types of src/
types:
    basedpyright

# who may import whom
arrows:
    lint-imports --no-cache

# write openapi.json
openapi:
    touchstone openapi --output openapi.json

# lint, types, arrows, and whether openapi.json is fresh
check: lint types arrows
    touchstone openapi --output openapi.json --check

# measure the promises of docs/performance.md: all, or just bench NAME
bench name="" *arguments:
    #!/usr/bin/env sh
    set -eu
    if [ $# -gt 0 ]; then script=$1; shift; exec python "bench/$script.py" "$@"; fi
    for script in $(grep -l "^from measure import .*read_options" bench/*.py); do python "$script"; done
