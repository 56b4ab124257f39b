"""Values of statements that are put together of literal pieces."""

from typing import Any, LiteralString

_DIGITS: tuple[LiteralString, ...] = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
_PLACEHOLDERS: tuple[LiteralString, ...] = tuple(
    "$" + (_DIGITS[number // 10] if number > 9 else "") + _DIGITS[number % 10] for number in range(1, 100)
)


class Binding:
    """The values of one statement, in the order of their placeholders."""

    def __init__(self, *given: Any) -> None:
        self.values: list[Any] = list(given)

    def bind(self, value: Any) -> LiteralString:
        """The placeholder that stands for the value."""
        self.values.append(value)
        return _PLACEHOLDERS[len(self.values) - 1]
