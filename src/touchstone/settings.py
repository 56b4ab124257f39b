"""Everything that can be set from outside: one struct, the only reader of the environment.

Each field is the variable `TOUCHSTONE_{FIELD}`; an empty variable counts as unset. `.env.template` is rendered from
here (`touchstone.environment_file.render_template`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_type_hints
from urllib.parse import urlsplit

from touchstone.observation_settings import ObservationSettings
from touchstone.people_settings import PEOPLE_NEEDS
from touchstone.setting_values import (
    Secret,
    Unknown,
    Variable,
    as_text,
    choice,
    fernet_keys,
    flag,
    folder,
    names,
    networks,
    number,
    postgres_url,
    prefix,
    secret,
    secret_url,
    signing_keys,
    size,
    text,
    url,
    whole_number,
)
from touchstone.tracker_settings import TRACKER_NEEDS

PREFIX = "TOUCHSTONE_"
EVERY_INTERFACE = ("0.0.0.0", "::", "")  # noqa: S104 -- recognised here, not listened on
DEPLOYMENTS = ("local", "development", "staging", "production")
_NEEDS = {
    "database_owner_url": "database_url",
    "s3_endpoint_url": "s3_bucket",
    "s3_access_key_id": "s3_secret_access_key",
    "s3_secret_access_key": "s3_access_key_id",
    "ray_token": "ray_url",
}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
FRONTEND = "http://localhost:30001"


class SettingsError(Exception):
    """One or more variables cannot be used; `problems` holds a sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class Settings(ObservationSettings, frozen=True, kw_only=True):
    """Lengths of time are seconds, sizes are bytes."""

    database_url: Annotated[
        Secret | None, postgres_url("Postgres for serving, postgresql://…; unset: an embedded one.")
    ] = None
    database_owner_url: Annotated[
        Secret | None, postgres_url("The same database as the role that migrates; unset: DATABASE_URL.")
    ] = None
    database_pool_size: Annotated[int, whole_number("Connections that each process may open to Postgres.", 1, 1000)] = (
        10
    )

    s3_bucket: Annotated[str | None, text("Bucket for datasets and results; unset: a folder under DATA_DIR.")] = None
    s3_endpoint_url: Annotated[str | None, url("S3 server; unset: AWS.", "http", "https")] = None
    s3_public_endpoint_url: Annotated[
        str | None, url("S3 server as clients reach it, for download URLs; unset: S3_ENDPOINT_URL.", "http", "https")
    ] = None
    s3_region: Annotated[str | None, text("S3 region.")] = None
    s3_access_key_id: Annotated[str | None, text("S3 access key; unset: as the AWS SDK finds one.")] = None
    s3_secret_access_key: Annotated[Secret | None, secret("S3 secret key.")] = None
    s3_url_expiration: Annotated[int, whole_number("Seconds that a download URL works.", 1, 604800)] = 3600
    datasets_prefix: Annotated[str, prefix("Where datasets lie in the object store.")] = "datasets"
    job_results_prefix: Annotated[str, prefix("Where job results lie in the object store.")] = "jobs/results"
    store_dir: Annotated[
        Path | None, folder("Folder of the object store while S3_BUCKET is unset; unset: DATA_DIR/objects.")
    ] = None

    ray_url: Annotated[
        str | None, url("Ray's dashboard, http://host:8265; unset: an embedded Ray.", "http", "https")
    ] = None
    ray_token: Annotated[Secret | None, secret("Token of a Ray cluster that has token authentication on.")] = None
    ray_code: Annotated[
        Literal["installed", "uploaded"],
        choice("Whether the cluster's image holds touchstone_jobs or each job brings it.", "installed", "uploaded"),
    ] = "installed"
    ray_num_gpus: Annotated[
        float, number("GPUs that each inference worker asks for; 0: one where the cluster has any.", 0, 64)
    ] = 0.0
    ray_max_submitted: Annotated[
        int, whole_number("Jobs on the cluster at once; 0: two for each CPU of the cluster.", 0, 10000)
    ] = 0

    data_dir: Annotated[Path, folder("Folder of everything that is embedded.")] = Path(".touchstone")

    secret_keys: Annotated[
        tuple[Secret, ...], fernet_keys("Encrypt stored secrets; the first encrypts, all decrypt.")
    ] = ()
    url_signing_keys: Annotated[
        tuple[Secret, ...], signing_keys("Sign download URLs; the first signs, all verify.")
    ] = ()

    host: Annotated[str, text("Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, whole_number("Port to listen on.", 1, 65535)] = 8000
    public_url: Annotated[
        str | None, url("How clients and jobs reach the API; unset: made from HOST and PORT.", "http", "https")
    ] = None
    callback_url: Annotated[
        str | None, url("How jobs on the cluster reach the API; unset: as PUBLIC_URL.", "http", "https")
    ] = None
    processes: Annotated[int, whole_number("API processes of one `serve`.", 1, 256)] = 1
    max_dataset_size: Annotated[int, size("Largest dataset that may be uploaded.")] = 50_000_000
    max_body_size: Annotated[int, size("Largest body of any other request.")] = 10_000_000
    cors_allowed_origins: Annotated[
        tuple[str, ...], names("Origins whose pages may call the API, separated by commas; * is any.")
    ] = ("http://localhost", "http://localhost:3000", "http://localhost:30001")
    allowed_hosts: Annotated[
        tuple[str, ...],
        names("Host names that requests may use; unset: loopback, HOST and PUBLIC_URL's; * is any."),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...], networks("Proxies whose X-Forwarded-… headers count: IP addresses or networks.")
    ] = ()

    deployment_type: Annotated[
        Literal["local", "development", "staging", "production"],
        choice("What the health answer says; production never makes keys.", *DEPLOYMENTS),
    ] = "local"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        choice("Least important lines to log.", "debug", "info", "warning", "error"),
    ] = "info"
    log_format: Annotated[
        Literal["auto", "json", "text"], choice("auto: text on a terminal, JSON elsewhere.", "auto", "json", "text")
    ] = "auto"

    job_timeout_seconds: Annotated[int, whole_number("After this a job that belongs to no workflow is stopped.", 1)] = (
        86400
    )
    job_max_attempts: Annotated[int, whole_number("How often a job is tried when the cluster fails it.", 1, 100)] = 3
    job_work_days: Annotated[
        int, whole_number("How long after a job's end its finished samples are kept for a retry.", 1, 3650)
    ] = 14
    remove_orphaned_objects: Annotated[
        bool, flag("Whether workers remove objects that no row has referred to for a day; they find them anyway.")
    ] = True
    endpoint_hosts: Annotated[
        tuple[str, ...], names("Hosts that inference may call; unset: any but link-local and metadata addresses.")
    ] = ()
    allow_remote_code: Annotated[bool, flag("Whether jobs may set trust_remote_code.")] = False

    webhook_allow_private: Annotated[
        bool, flag("Whether webhooks may go to private addresses and loopback, and over plain HTTP.")
    ] = False
    webhook_timeout_seconds: Annotated[
        int, whole_number("After this an attempt at a webhook counts as failed.", 1, 60)
    ] = 15
    webhook_log_days: Annotated[int, whole_number("How long the log of webhook deliveries is kept.", 1, 3650)] = 30

    otlp_endpoint: Annotated[str | None, url("Collector for OpenTelemetry traces; unset: none.", "http", "https")] = (
        None
    )
    sentry_dsn: Annotated[Secret | None, secret_url("Sentry project for errors; unset: none.", "http", "https")] = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], env_file: Mapping[str, str] | None = None) -> Self:
        """`env_file` holds the pairs of a `.env`; the environment wins. Raises SettingsError with all problems."""
        given = {**(env_file or {}), **{name: value for name, value in environ.items() if value.strip()}}
        values: dict[str, Any] = {}
        problems: list[str] = []
        for field, variable in variables().items():
            written = given.get(variable_name(field), "").strip()
            if not written:
                continue
            try:
                values[field] = variable.read(written)
            except Unknown as error:
                problems.append(f"{variable_name(field)} {error}.")
            except ValueError:
                problems.append(_complaint(field, variable, written))
        problems += _contradictions(given)
        if not problems:
            problems += cls(**values).refusals()
        if problems:
            raise SettingsError(problems)
        return cls(**values)

    def to_environment(self) -> dict[str, str]:
        """The variables that `from_environment` would read as these settings, secrets included."""
        values = {field: getattr(self, field) for field in variables()}
        return {
            variable_name(field): variable.empty if values[field] == () else as_text(values[field])
            for field, variable in variables().items()
        }

    def refusals(self) -> list[str]:
        """What each variable allows and all together do not."""
        if self.local_login and not self.has_local_login:
            return [
                "TOUCHSTONE_LOCAL_LOGIN lets anybody sign in as anybody: it is never there in production, and beyond"
                " loopback only with TOUCHSTONE_LOCAL_LOGIN_ANYWHERE=true."
            ]
        return []

    @property
    def has_local_login(self) -> bool:
        """Whether an e-mail address alone signs in here."""
        is_allowed = self.is_private or self.local_login_anywhere
        return self.local_login and is_allowed and self.deployment_type != "production"

    @property
    def api_url(self) -> str:
        """Where clients and jobs reach the API, without a slash at the end."""
        if self.public_url is not None:
            return self.public_url
        host = "127.0.0.1" if self.host in EVERY_INTERFACE else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def frontend(self) -> str:
        """Where people work with the service, without a slash at the end."""
        return self.frontend_url or FRONTEND

    @property
    def page_origins(self) -> tuple[str, ...]:
        """Whose pages may call the API: a front end that is named, beside those that are allowed."""
        if self.frontend_url is None:
            return self.cors_allowed_origins
        parts = urlsplit(self.frontend_url)
        return (*self.cors_allowed_origins, f"{parts.scheme}://{parts.netloc}")

    @property
    def store_folder(self) -> Path:
        return self.store_dir or self.data_dir / "objects"

    @property
    def accepted_hosts(self) -> tuple[str, ...]:
        """Host names without port that a request may name; `*` is any."""
        if self.allowed_hosts:
            return self.allowed_hosts
        if self.host in EVERY_INTERFACE:
            return ("*",)
        named = (self.host, urlsplit(self.api_url).hostname or self.host)
        return tuple(dict.fromkeys((*LOOPBACK, *named)))

    @property
    def is_private(self) -> bool:
        """Whether only this machine's own users can call: loopback, and no proxy in front."""
        public = urlsplit(self.api_url).hostname or ""
        return not self.listens_beyond_loopback and public in LOOPBACK and not self.trusted_proxies

    @property
    def listens_beyond_loopback(self) -> bool:
        return self.host not in LOOPBACK


def variable_name(field: str) -> str:
    return PREFIX + field.upper()


def variables() -> dict[str, Variable]:
    """How each field is read: the service's own in the order of the struct, then those about others."""
    hints = get_type_hints(Settings, include_extras=True)
    inherited = ObservationSettings.__struct_fields__
    fields = [field for field in Settings.__struct_fields__ if field not in inherited]
    return {field: hints[field].__metadata__[0] for field in (*fields, *inherited)}


def _complaint(field: str, variable: Variable, written: str) -> str:
    shown = "holds something else" if variable.is_secret else f"is {written[:80]!r}"
    return f"{variable_name(field)} {shown}; it must be {variable.expected}."


def _contradictions(given: Mapping[str, str]) -> list[str]:
    return [
        f"{variable_name(field)} is set but {variable_name(needed)} is not; set it as well, or remove the first."
        for field, needed in (_NEEDS | PEOPLE_NEEDS | TRACKER_NEEDS).items()
        if given.get(variable_name(field)) and not given.get(variable_name(needed))
    ]
