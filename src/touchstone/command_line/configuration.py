"""The settings of a command: environment, `.env`, and what the first start makes."""

import os
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path

from touchstone import environment_file
from touchstone.command_line.console import say
from touchstone.settings import PREFIX, Settings, SettingsError, variable_name, variables

ENV_FILE = Path(".env")
TEMPLATE_FILE = Path(".env.template")

# what the tests, the jobs on the cluster and `touchstone ingest` are told by the environment
NOT_SETTINGS = (f"{PREFIX}TEST_", f"{PREFIX}JOB_CONFIG", f"{PREFIX}API_KEY", f"{PREFIX}INGEST_")

UNABLE_TO_ENCRYPT = (
    "TOUCHSTONE_SECRET_KEYS is not set; it encrypts the stored secrets. "
    "`touchstone secret-key` prints a new one; give the same to every process."
)
UNABLE_TO_SIGN = (
    "TOUCHSTONE_URL_SIGNING_KEYS is not set; it signs job tickets and download URLs. "
    "`touchstone secret-key` prints one that serves; give the same to every process."
)


def load_settings(folder: Path | None = None) -> Settings:
    """Reads the environment and `.env`; the first start of a local or development service makes the `.env`.

    Raises SettingsError.
    """
    env_file, template = (folder or Path()) / ENV_FILE, _template(folder or Path())
    if not env_file.exists() and _may_make_keys(os.environ):
        _make(env_file, template)
    pairs = environment_file.read(env_file) if env_file.exists() else {}
    if env_file.exists():
        _name_missing(env_file, template)
    _name_unknown({*os.environ, *pairs})
    return Settings.from_environment(os.environ, pairs)


def _template(folder: Path) -> str:
    """The checkout's, which may be newer than the installed package, else the one that the package renders."""
    file = folder / TEMPLATE_FILE
    return file.read_text("utf-8") if file.exists() else environment_file.render_template()


def _may_make_keys(environ: Mapping[str, str]) -> bool:
    """Keys made here would not be those of the other processes on an external database."""
    deployment = environ.get(variable_name("deployment_type"), "").strip().lower()
    has_database = bool(environ.get(variable_name("database_url"), "").strip())
    return not has_database and deployment in ("", "local", "development")


def _make(env_file: Path, template: str) -> None:
    try:
        if environment_file.create(env_file, template):
            say(f"Made {env_file.absolute()} with new keys; keep it, it decrypts the stored secrets.")
    except OSError as error:
        raise SettingsError([f"Cannot make {env_file.absolute()} ({error.strerror}). {UNABLE_TO_ENCRYPT}"]) from error


def _name_missing(env_file: Path, template: str) -> None:
    missing = environment_file.missing_names(env_file.read_text("utf-8"), template)
    if missing:
        say(f"{env_file} lacks what its template has gained; the defaults hold: {', '.join(missing)}")


def _name_unknown(names: set[str]) -> None:
    """A misspelt variable would silently mean a default, such as an embedded database."""
    known = [variable_name(field) for field in variables()]
    for name in sorted(names):
        if name.startswith(PREFIX) and name not in known and not name.startswith(NOT_SETTINGS):
            close = get_close_matches(name, known, n=1)
            say(f"{name} is no setting{f'; is {close[0]} meant?' if close else ''}")


def require_keys(settings: Settings) -> Settings:
    """Raises SettingsError unless this service can encrypt and sign."""
    complaints = {UNABLE_TO_ENCRYPT: settings.secret_keys, UNABLE_TO_SIGN: settings.url_signing_keys}
    problems = [complaint for complaint, keys in complaints.items() if not keys]
    if problems:
        raise SettingsError(problems)
    return settings


def tell_of_exposure(settings: Settings, tell: Callable[[str], None] = say) -> None:
    """Whom a service lets in that others than this machine's users can reach."""
    if settings.is_private:
        return
    reached = f"Listening on {settings.host}" if settings.listens_beyond_loopback else f"Reached as {settings.api_url}"
    tell(f"{reached}: other machines can call this service. {_whom_it_lets_in(settings)}")


def _whom_it_lets_in(settings: Settings) -> str:
    if settings.strict_authentication:
        return "It is closed to everybody without credentials (TOUCHSTONE_STRICT_AUTHENTICATION)."
    if settings.ignore_permissions:
        return f"Whoever can reach it may: {', '.join(settings.ignore_permissions)} (TOUCHSTONE_IGNORE_PERMISSIONS)."
    # the words of the API, which only commands that serve it need
    from touchstone.domains.permissions.model import EVALUATION_PERMISSIONS

    return (
        "It starts closed: `touchstone users add --admin` makes the first administrator, `touchstone applications "
        f"add` a key for a machine. To let everybody in instead, set {variable_name('ignore_permissions')}="
        f"{','.join(EVALUATION_PERMISSIONS)}"
    )
