"""Reading the environment: defaults, values, complaints."""

import msgspec
import pytest

from touchstone.setting_values import Secret
from touchstone.settings import Settings, SettingsError, variable_name, variables

FERNET_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def read(**given: str) -> Settings:
    return Settings.from_environment({f"TOUCHSTONE_{name.upper()}": value for name, value in given.items()})


def problems(**given: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(**given)
    return caught.value.problems


def test_nothing_set_gives_the_defaults() -> None:
    assert read() == Settings()


def test_an_empty_variable_counts_as_unset() -> None:
    assert read(port="", host="  ") == Settings()


def test_the_environment_wins_over_the_file() -> None:
    given = {"TOUCHSTONE_PORT": "9000"}
    file = {"TOUCHSTONE_PORT": "7000", "TOUCHSTONE_HOST": "::1"}
    settings = Settings.from_environment(given, file)
    assert (settings.port, settings.host) == (9000, "::1")


def test_an_empty_variable_leaves_the_file_its_say() -> None:
    settings = Settings.from_environment({"TOUCHSTONE_PORT": ""}, {"TOUCHSTONE_PORT": "7000"})
    assert settings.port == 7000


def test_all_problems_are_told_at_once() -> None:
    told = problems(port="high", max_dataset_size="5 apples", log_level="loud")
    assert told == [
        "TOUCHSTONE_PORT is 'high'; it must be a whole number from 1 to 65535.",
        "TOUCHSTONE_MAX_DATASET_SIZE is '5 apples'; it must be a size such as 50MB, 1GB, 50MiB or a number of bytes.",
        "TOUCHSTONE_LOG_LEVEL is 'loud'; it must be one of debug, info, warning, error.",
    ]


@pytest.mark.parametrize("name", [name for name, variable in variables().items() if variable.is_secret])
def test_no_complaint_shows_a_secret(name: str) -> None:
    told: list[str] = []
    try:
        settings = read(**{name: "hunter2"})
        assert "hunter2" not in repr(settings)
    except SettingsError as error:
        told = error.problems
    assert not any("hunter2" in problem for problem in told)


def test_settings_never_show_their_secrets() -> None:
    settings = read(database_url="postgresql://app:hunter2@db/touchstone", secret_keys=FERNET_KEY)
    shown = f"{settings!r} {settings} {settings.database_url}"
    assert "hunter2" not in shown
    assert FERNET_KEY not in shown


def test_the_short_spelling_of_postgres_becomes_the_long_one() -> None:
    settings = read(database_url="postgres://app:pw@db/touchstone")
    assert settings.database_url == Secret("postgresql://app:pw@db/touchstone")


def test_settings_survive_the_way_through_an_environment() -> None:
    settings = read(
        database_url="postgresql://app:pw@db/touchstone",
        secret_keys=f"{FERNET_KEY},{FERNET_KEY}",
        allow_remote_code="yes",
        trusted_proxies="10.0.0.0/8",
        ray_num_gpus="0.5",
        cors_allowed_origins="*",
        data_dir="/srv/touchstone",
    )
    assert Settings.from_environment(settings.to_environment()) == settings


@pytest.mark.parametrize("names", [("s3_endpoint_url", "s3_bucket"), ("database_owner_url", "database_url")])
def test_a_variable_that_needs_another_says_so(names: tuple[str, str]) -> None:
    lone, needed = names
    value = "http://minio:9000" if lone == "s3_endpoint_url" else "postgresql://owner:pw@db/touchstone"
    assert problems(**{lone: value}) == [
        f"{variable_name(lone)} is set but {variable_name(needed)} is not; set it as well, or remove the first."
    ]


def test_a_needed_variable_that_is_set_but_wrong_is_told_once() -> None:
    told = problems(database_owner_url="postgresql://o:p@db/x", database_url="mysql://db")
    assert len(told) == 1


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("touchstone.lan", "http://touchstone.lan:8000"),
    ],
)
def test_the_url_of_the_api_follows_from_where_it_listens(host: str, url: str) -> None:
    assert Settings(host=host).api_url == url


def test_a_public_url_is_taken_as_it_is() -> None:
    assert read(public_url="https://touchstone.example.org/").api_url == "https://touchstone.example.org"


def test_only_loopback_names_are_accepted_on_loopback() -> None:
    assert set(Settings().accepted_hosts) == {"localhost", "127.0.0.1", "::1"}


def test_the_host_of_the_public_url_is_accepted() -> None:
    assert "touchstone.example.org" in Settings(public_url="https://touchstone.example.org").accepted_hosts


def test_any_host_is_accepted_where_every_interface_is_listened_on() -> None:
    assert Settings(host="0.0.0.0").accepted_hosts == ("*",)


def test_named_hosts_are_the_only_ones() -> None:
    assert read(host="0.0.0.0", allowed_hosts="a.example, b.example").accepted_hosts == ("a.example", "b.example")


def test_every_field_has_a_variable_with_a_line_about_it() -> None:
    for field, variable in variables().items():
        assert variable.about.endswith("."), field
        assert "\n" not in variable.about


def test_every_default_would_be_read_back() -> None:
    assert msgspec.structs.asdict(Settings.from_environment(Settings().to_environment())) == msgspec.structs.asdict(
        Settings()
    )


def test_permissions_are_read_in_any_case() -> None:
    assert read(ignore_permissions="View_Job, change_job").ignore_permissions == ("view_job", "change_job")


def test_permissions_that_nobody_knows_are_named_with_those_that_are_known() -> None:
    told = problems(ignore_permissions="view_job,view_jobs,fly")
    assert len(told) == 1
    assert told[0].startswith("TOUCHSTONE_IGNORE_PERMISSIONS does not know view_jobs, fly; known are ")
    assert "view_dataset" in told[0] and "view_artefact" in told[0]


def test_ignoring_no_permission_is_not_the_same_as_saying_nothing() -> None:
    settings = read(ignore_permissions="none")
    assert settings.ignore_permissions == () and Settings().ignore_permissions is None
    assert Settings.from_environment(settings.to_environment()) == settings


def test_a_login_that_asks_for_nothing_is_refused_in_production_and_beyond_loopback() -> None:
    assert read(local_login="true").has_local_login
    assert read(local_login="true", host="0.0.0.0", local_login_anywhere="true").has_local_login
    for wider in ({"host": "0.0.0.0"}, {"deployment_type": "production"}, {"public_url": "https://api.example.org"}):
        (problem,) = problems(local_login="true", **wider)
        assert problem.startswith("TOUCHSTONE_LOCAL_LOGIN ")


def test_the_pages_of_a_front_end_that_is_named_may_call() -> None:
    assert Settings().page_origins == Settings().cors_allowed_origins
    named = read(frontend_url="https://app.example.org/touchstone", cors_allowed_origins="https://x.example.org")
    assert named.page_origins == ("https://x.example.org", "https://app.example.org")
    assert (named.frontend, Settings().frontend) == ("https://app.example.org/touchstone", "http://localhost:30001")
