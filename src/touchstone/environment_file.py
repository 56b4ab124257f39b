"""The `.env` beside the service: made once from its template, read at every start, never overwritten."""

import base64
import os
import re
import secrets
import tempfile
from pathlib import Path

from touchstone.setting_values import as_text
from touchstone.settings import Settings, SettingsError, variable_name, variables

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_KEY = re.compile(r"^\s*#?\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=", re.MULTILINE)

_HEADINGS = {
    "database_url": "Database",
    "s3_bucket": "Object store",
    "ray_url": "Cluster",
    "data_dir": "Embedded parts",
    "secret_keys": "Keys: made at the first start; whoever loses them loses the stored secrets",
    "host": "HTTP",
    "deployment_type": "Service",
    "job_timeout_seconds": "Jobs",
    "otlp_endpoint": "Watching",
    "ignore_permissions": "People and machines",
    "frontend_url": "Sign-on",
    "github_app_id": "Systems of others: issue trackers, and where what is tested is published",
}


def new_secret_key() -> str:
    """A Fernet key: 32 random bytes, url-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def new_signing_key() -> str:
    return secrets.token_urlsafe(32)


def render_template() -> str:
    """What `.env.template` holds: every variable, its meaning and default, without a value."""
    lines = ["# Settings of Touchstone. An empty value means the default; the environment wins over this file."]
    defaults = Settings()
    for field, variable in variables().items():
        if field in _HEADINGS:
            lines += ["", f"# --- {_HEADINGS[field]}"]
        default = as_text(getattr(defaults, field))
        lines.append(f"# {variable.about}{f' Default: {default}' if default else ''}")
        lines.append(f"{variable_name(field)}=")
    return "\n".join(lines) + "\n"


def create(path: Path, template: str) -> bool:
    """Writes `template` with fresh keys to `path`, readable by its owner only; answers False if it was there."""
    content = _with_value(template, "secret_keys", new_secret_key())
    content = _with_value(content, "url_signing_keys", new_signing_key())
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".env-", delete=False) as file:  # born 0600
        file.write(content)
    try:
        os.link(file.name, path)  # unlike rename it never replaces, and unlike open("x") nobody reads half of it
    except FileExistsError:
        return False
    finally:
        Path(file.name).unlink()
    return True


def _with_value(template: str, field: str, value: str) -> str:
    name = variable_name(field)
    content, found = re.subn(rf"^{name}=.*$", f"{name}={value}", template, count=1, flags=re.MULTILINE)
    return content if found else f"{template.rstrip()}\n{name}={value}\n"


def read(path: Path) -> dict[str, str]:
    """The pairs of the file: `NAME=value`, quotes and `export` allowed, `#` starts a comment line."""
    pairs: dict[str, str] = {}
    problems: list[str] = []
    for position, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        match = _LINE.fullmatch(bare)
        if match is None:
            problems.append(f"Line {position} of {path} is not of the form NAME=value.")
        else:
            pairs[match[1]] = _unquoted(match[2])
    if problems:
        raise SettingsError(problems)
    return pairs


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return re.split(r"\s#", value, maxsplit=1)[0].strip()


def missing_names(content: str, template: str) -> list[str]:
    """Names that the template has and the file has not, not even commented out."""
    present = set(_KEY.findall(content))
    return [name for name in dict.fromkeys(_KEY.findall(template)) if name not in present]
