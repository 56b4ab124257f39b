"""Texts as patterns of `ilike`."""


def containing(text: str | None) -> str | None:
    """What contains the text, whatever its case; percent signs and underscores in it stand for themselves."""
    if not text:
        return None
    for special in "\\%_":
        text = text.replace(special, "\\" + special)
    return f"%{text}%"
