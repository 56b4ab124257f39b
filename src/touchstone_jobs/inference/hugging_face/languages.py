"""Languages as people write them: ISO codes, other BCP 47 tags, English names."""

from importlib import import_module
from typing import Any

import msgspec

from touchstone_jobs.failures import JobFailure


class Language(msgspec.Struct, frozen=True):
    """`code` is the shortest ISO 639 code (`de`), `alpha3` the three-letter one (`deu`), `name` the English name."""

    code: str
    alpha3: str
    name: str


def language(words: str | None) -> Language:
    """Raises JobFailure `unknown_language`."""
    langcodes: Any = import_module("langcodes")
    tag = (words or "").strip().replace("_", "-")
    try:
        found = langcodes.get(tag) if tag and langcodes.tag_is_valid(tag) else langcodes.find(tag)
        return Language(found.language, found.to_alpha3(), found.language_name("en"))
    except (LookupError, ValueError):
        raise JobFailure("unknown_language", f"There is no language {words!r}; codes and English names work.") from None
