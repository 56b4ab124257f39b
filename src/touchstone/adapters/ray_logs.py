"""What a run has printed, from whichever of Ray's two log APIs can read it."""

import codecs
from urllib.parse import urlencode

import msgspec

from touchstone.adapters.ray_dashboard import Answer, RayDashboard, decoded, unavailable

MAX_LOG_BYTES = 8 * 1024 * 1024
CUT_LINE = "\n[touchstone] The log is longer than is read from Ray; the rest is left out.\n"
LONGEST_ESCAPE = len(r"\ud83d\ude00")


class RayLogs(msgspec.Struct):
    logs: str | None = None


def has_unreadable_bytes(answer: Answer) -> bool:
    """The Jobs API gives up on a log with a byte that is not UTF-8, or half a character not yet fully written."""
    return answer.status == 500 and "UnicodeDecodeError" in answer.text


def logged_text(answer: Answer) -> str:
    """From the Jobs API's `{"logs": "…"}`: ASCII with JSON escapes, possibly cut in the middle."""
    if not answer.is_cut:
        return decoded(answer, RayLogs).logs or ""
    return _readable_start(answer.body) + CUT_LINE


async def log_file(dashboard: RayDashboard, submission_id: str, node_id: str) -> str:
    """From the state API's file itself; what is no UTF-8 becomes U+FFFD, half a character at the end waits."""
    query = urlencode({"node_id": node_id, "filename": f"job-driver-{submission_id}.log", "lines": -1})
    answer = await dashboard.get(f"/api/v0/logs/file?{query}", at_most=MAX_LOG_BYTES)
    if not answer.is_success:
        return ""
    text = codecs.getincrementaldecoder("utf-8")(errors="replace").decode(answer.body)
    return text + CUT_LINE if answer.is_cut else text


def _readable_start(body: bytes) -> str:
    for dropped in range(LONGEST_ESCAPE + 1):
        try:
            return msgspec.json.decode(body[: len(body) - dropped] + b'"}', type=RayLogs).logs or ""
        except ValueError:
            continue
    raise unavailable("its answer is not understood")
