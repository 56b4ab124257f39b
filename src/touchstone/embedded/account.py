"""Whom Postgres runs as: ourselves, or as root (whom Postgres refuses) the unprivileged user `nobody`."""

import os
import pwd
import subprocess
from pathlib import Path
from typing import TypedDict

import msgspec


class RunAs(TypedDict, total=False):
    """Keyword arguments of `subprocess.Popen`; none of them where no change of user is needed."""

    user: int
    group: int
    extra_groups: list[int]


class Account(msgspec.Struct, frozen=True):
    """An account that processes are started under; `None` is the one we already have."""

    user: int | None = None
    group: int | None = None

    @property
    def run_as(self) -> RunAs:
        if self.user is None or self.group is None:
            return {}
        return {"user": self.user, "group": self.group, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Hands a file or folder to the account."""
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group)

    def can_traverse(self, folder: Path) -> bool:
        """Asks the kernel by trying, because modes alone do not tell of mounts and access lists.

        Always true of ourselves: no other folder would be better, and using this one says what is wrong with it.
        """
        if self.user is None:
            return True
        test = ["test", "-x", str(folder)]
        attempt = subprocess.run(test, cwd="/", check=False, timeout=10, **self.run_as)  # noqa: S603
        return attempt.returncode == 0


def bare_environment() -> dict[str, str]:
    """Programs that run under another account have no business with our settings and secrets."""
    return {"PATH": os.environ.get("PATH", os.defpath)}


def unprivileged_account() -> Account:
    if os.geteuid() != 0:
        return Account()
    nobody = pwd.getpwnam("nobody")
    return Account(user=nobody.pw_uid, group=nobody.pw_gid)
