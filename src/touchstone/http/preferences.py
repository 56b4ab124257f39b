"""What a client would rather have: the `Prefer` header of RFC 7240."""


def prefers(header: str | None, preference: str) -> bool:
    """`preference` reads `name=value`. Preferences are separated by commas, their parameters by semicolons."""
    given = (part.partition(";")[0] for part in (header or "").split(","))
    return any(one.replace(" ", "").replace('"', "").lower() == preference for one in given)
