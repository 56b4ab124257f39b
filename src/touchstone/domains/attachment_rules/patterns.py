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

SHORTEST_NEEDED = 3

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


def needed_text(pattern: str) -> str | None:
    """What must stand in a text, in small letters, for the pattern to be found: looked for first, since it costs less.

    None when nothing of three letters and more is sure.
    """
    body = pattern.removeprefix("(?i)")
    runs, depth = [""], 0
    for token in _TOKEN.finditer(body):
        depth += {"open": 1, "close": -1}.get(token.lastgroup or "", 0)
        letter = _letter(token) if depth == 0 else None
        if letter is not None:
            runs[-1] += letter
            continue
        if token.lastgroup == "or" and depth == 0:
            return None
        if token[0][0] in "*?{":
            runs[-1] = runs[-1][:-1]
        runs.append("")
    longest = max(runs, key=len)
    return longest.lower() if len(longest) >= SHORTEST_NEEDED else None


def _letter(token: re.Match[str]) -> str | None:
    """The one character that a token stands for, if it stands for one."""
    written = token[0].removeprefix("\\") if token.lastgroup == "escape" else token[0]
    is_plain = token.lastgroup == "other" and written not in "^$.[]{}"
    is_escaped = token.lastgroup == "escape" and not written.isalnum()
    return written if (is_plain or is_escaped) and written.isascii() else None


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
