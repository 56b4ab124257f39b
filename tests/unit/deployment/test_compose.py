import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from tests.unit.deployment.compose_files import (
    COMPOSE,
    COMPOSE_DEV,
    DEV_ENV,
    PRODUCTION_TEMPLATE,
    ROOT,
    RequiredVariableMissing,
    env_file,
    services,
    variables_named,
)

from touchstone.domains.permissions.model import EVALUATION_PERMISSIONS
from touchstone.embedded import roles
from touchstone.settings import Settings, variable_name, variables

DEV_VARIABLES = env_file(DEV_ENV)
SERVICE_CONTAINERS = ["migrate", "api", "worker"]
ONE_SHOTS = {"migrate", "s3-prepare"}
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN$|_KEYS?$|ACCESS_KEY")


def production_variables() -> dict[str, str]:
    """Whoever fills in the template."""
    filled = {name: value or secrets.token_hex(32) for name, value in env_file(PRODUCTION_TEMPLATE).items()}
    return {**filled, "TOUCHSTONE_SECRET_KEYS": Fernet.generate_key().decode()}


@pytest.mark.parametrize("path", [COMPOSE, COMPOSE_DEV], ids=lambda path: path.name)
def test_the_files_are_valid_by_the_published_schema(path: Path):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_compose_client_reads_them_where_there_is_one():
    """Where there is none, the schema and the tests below have to do."""
    if not has_compose_client():
        return
    command = ["docker", "compose", "--env-file", str(DEV_ENV), "-f", str(COMPOSE), "-f", str(COMPOSE_DEV), "config"]
    read = subprocess.run([*command, "--quiet"], capture_output=True, text=True, timeout=60)
    assert read.returncode == 0, read.stderr


def has_compose_client() -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "compose", "version"], capture_output=True, timeout=30).returncode == 0


def test_no_container_has_a_password_of_its_own():
    for name, service in services(COMPOSE).items():
        for variable, value in (service.get("environment") or {}).items():
            if SECRET.search(variable) or ("://" in value and "@" in value):
                assert ":?" in value, f"{name}: {variable} must be given from outside"


@pytest.mark.parametrize("missing", sorted(variables_named(COMPOSE, ":?")))
def test_what_must_be_given_is_asked_for(missing: str):
    given = {name: value for name, value in DEV_VARIABLES.items() if name != missing}
    with pytest.raises(RequiredVariableMissing, match=missing):
        services(COMPOSE, given)


def test_the_production_template_asks_for_everything_that_has_no_default_and_fills_in_none_of_it():
    template = env_file(PRODUCTION_TEMPLATE)
    assert {name for name, value in template.items() if not value} == variables_named(COMPOSE, ":?")
    assert services(COMPOSE, production_variables())


def test_the_templates_name_no_variable_that_the_files_do_not_know():
    known = variables_named(COMPOSE) | variables_named(COMPOSE_DEV)
    assert set(env_file(PRODUCTION_TEMPLATE, commented=True)) <= known
    assert set(DEV_VARIABLES) <= known


@pytest.mark.parametrize("container", SERVICE_CONTAINERS)
@pytest.mark.parametrize("given", [DEV_VARIABLES, production_variables()], ids=["development", "production"])
def test_the_service_understands_the_settings_it_is_given(container: str, given: dict[str, str]):
    environment = services(COMPOSE, given)[container]["environment"]
    assert set(environment) <= {variable_name(field) for field in variables()}
    settings = Settings.from_environment(environment)
    assert settings.database_url and settings.ray_token and settings.s3_secret_access_key
    assert settings.secret_keys and settings.url_signing_keys
    assert (settings.s3_bucket, settings.ray_url) == ("touchstone", "http://ray-head:8265")


def test_the_development_containers_are_open_and_production_is_closed():
    for given, expected in ((DEV_VARIABLES, EVALUATION_PERMISSIONS), (production_variables(), None)):
        settings = Settings.from_environment(services(COMPOSE, given)["api"]["environment"])
        assert settings.ignore_permissions == expected


def test_only_migrations_know_the_role_that_may_alter_tables():
    for name, service in services(COMPOSE).items():
        knows = "TOUCHSTONE_DATABASE_OWNER_URL" in (service.get("environment") or {})
        assert knows == (name == "migrate")


def test_the_containers_make_the_roles_with_the_privileges_that_embedded_ones_have():
    written = (ROOT / "deploy" / "postgres" / "roles.sql").read_text()
    for statement in roles._PRIVILEGES:
        assert f"{statement};" in written
    for role in (roles.OWNER, roles.SERVICE):
        assert f"create role {role} login nosuperuser nocreaterole" in written
    assert f"create database {roles.DATABASE} owner {roles.OWNER};" in written


def test_every_container_that_goes_on_running_is_watched_or_says_why_not():
    for name, service in services(COMPOSE).items():
        if name not in ONE_SHOTS | {"worker"}:
            assert service["healthcheck"]["test"], name


def test_ports_are_open_to_this_machine_alone_unless_told_otherwise():
    for path in (COMPOSE, COMPOSE_DEV):
        for service in services(path, DEV_VARIABLES).values():
            assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_images_are_pinned_and_containers_of_ours_drop_what_they_do_not_need():
    for name, service in services(COMPOSE, DEV_VARIABLES).items():
        assert not service["image"].endswith(":latest") and ":" in service["image"], name
        if "build" in service:
            assert service["cap_drop"] == ["ALL"] and service["init"] is True
            assert service["security_opt"] == ["no-new-privileges:true"]


def test_volumes_and_dependencies_exist():
    tree = services(COMPOSE, DEV_VARIABLES)
    for service in tree.values():
        assert set(service.get("depends_on", {})) <= set(tree)
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in {"database", "objects", "models"} or (ROOT / source).is_file()
    assert set(services(COMPOSE_DEV)) <= set(tree)
