"""SQL of the cells: texts that no spreadsheet takes for a formula, and values as Python shows them."""

from typing import LiteralString

TIME: LiteralString = "'YYYY-MM-DD HH24:MI:SS.US'"
EVENT_TIME: LiteralString = "'YYYY-MM-DD HH24:MI:SS:MS'"


def text_cell(value: LiteralString) -> LiteralString:
    """Of a text that somebody chose: an apostrophe goes before what a spreadsheet would calculate.

    That is what begins with `=`, `+`, `-`, `@`, a tab or a line break, or the wide forms of the four signs
    (OWASP, "CSV Injection"). An empty text becomes null, which COPY writes without quotation marks.
    """
    return (
        "case when "
        + value
        + r" ~ '^[=+@\t\r\n\uff1d\uff0b\uff0d\uff20-]' then '''' || "
        + value
        + " else nullif("
        + value
        + ", '') end"
    )


def time_cell(value: LiteralString, form: LiteralString = TIME) -> LiteralString:
    """In UTC, which is not said."""
    return "to_char(" + value + " at time zone 'UTC', " + form + ")"


def python_text(value: LiteralString) -> LiteralString:
    """A text as Python's `repr` shows it: `ast.literal_eval` reads it back."""
    escaped = (
        r"replace(replace(replace(replace(" + value + r", '\', '\\'), chr(10), '\n'), chr(13), '\r'), chr(9), '\t')"
    )
    return (
        "case when strpos("
        + value
        + """, '''') > 0 and strpos("""
        + value
        + """, '"') = 0 then '"' || """
        + escaped
        + """ || '"' else '''' || replace("""
        + escaped
        + r""", '''', '\''') || '''' end"""
    )
