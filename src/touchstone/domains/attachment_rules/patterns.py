"""Which regular expressions a rule may have: those that Postgres surely finds, or does not find, in little time.

Its engine turns an expression into an automaton (PostgreSQL documentation, 9.7.3), which reads a text once from its
beginning to its end. Two things take more: what no automaton can do, references back and looks around, and
repetitions by numbers, each of which copies what it repeats.
"""

import re

LONGEST_PATTERN = 500
MOST_COPIES = 1000
NASTY_LENGTH = 20_000
"""Characters of the texts that a new pattern is tried on."""

_TOKEN = re.compile(
    r"(?P<escape>\\.)|(?P<bracket>\[\^?\]?(?:\[[:.=].*?[:.=]\]|\\.|[^\]\\])*\])|(?P<open>\((?:\?:)?)|(?P<close>\))"
    r"|(?P<or>\|)|\{(?P<least>\d+)(?P<range>,(?P<most>\d*))?\}\??|(?P<repeat>[*+?]\??)|(?P<other>.)",
    re.DOTALL,
)


def require_bounded(pattern: str) -> str:
    """The pattern. Raises ValueError for one that could take long."""
    body = pattern.removeprefix("(?i)")
    if body.startswith("***"):
        raise ValueError("Directors (***) are not supported")
    if re.search(r"(?<!\\)(?:\\\\)*\\[1-9]", body):
        raise ValueError("References back (\\1) are not supported")
    if _copies(body) > MOST_COPIES:
        raise ValueError(f"Its repetitions by numbers make more than {MOST_COPIES} copies")
    return pattern


def nasty_texts(pattern: str) -> list[str]:
    """Long texts that are made to almost fit: of one letter, and of the pattern's own letters over and over."""
    own = re.sub(r"[^\w ]", "", pattern) or "a"
    return [(seed * (NASTY_LENGTH // len(seed) + 1))[:NASTY_LENGTH] + "!" for seed in ("a", own, own[:1])]


def _copies(body: str) -> int:
    """How many atoms there are when repetitions by numbers are written out. Raises ValueError for looks around."""
    sizes, last = [0], 0
    for token in _TOKEN.finditer(body):
        match token.lastgroup:
            case "open":
                _refuse_extension(body, token)
                sizes.append(0)
                last = 0
            case "close":
                last = sizes.pop() if len(sizes) > 1 else 1
                sizes[-1] += last
            case "least" | "range" | "most":
                times = max(int(token["most"] or token["least"]), 1)
                sizes[-1] += last * (times - 1)
                last *= times
            case "or" | "repeat":
                pass
            case _:
                last = 1
                sizes[-1] += 1
        if sizes[-1] > MOST_COPIES:
            return sizes[-1]
    return sum(sizes)


def _refuse_extension(body: str, token: re.Match[str]) -> None:
    if token["open"] == "(" and body[token.end() : token.end() + 1] == "?":
        raise ValueError("Of the groups that begin with (? only (?:…) is supported, and (?i) at the very beginning")
