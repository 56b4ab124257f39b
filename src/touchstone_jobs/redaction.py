"""Keeps an attempt's secret out of everything it prints or hands back."""

import logging
import sys

MASK = "<REDACTED>"
# a shorter secret would blank out ordinary words
_SHORTEST = 4


class Redactor:
    """Masks the one secret it is told."""

    def __init__(self) -> None:
        self._secret = ""

    def hide(self, secret: str | None) -> None:
        self._secret = secret or ""

    def clean(self, text: str) -> str:
        return text.replace(self._secret, MASK) if len(self._secret) >= _SHORTEST else text


class _RedactingFormatter(logging.Formatter):
    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor.clean(super().format(record))


def log_to_stdout(redactor: Redactor) -> None:
    """Lines with times to stdout, which Ray keeps as the job's log. Libraries speak from warnings upward."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_RedactingFormatter(redactor))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("touchstone_jobs").setLevel(logging.INFO)
