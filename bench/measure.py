"""What the scripts of this folder share: interleaved pairs, the spread of their ratios, and how it is told.

A promise is a ratio of two things measured in one run, one right after the other, because a machine's speed changes
from minute to minute. The scripts print ratios, not verdicts, and always exit with 0.
"""

import argparse
import asyncio
import datetime as dt
import os
import platform
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

FEWEST_PAIRS = 7
QUIET_LOAD = 1.5
LONGEST_WAIT_SECONDS = 120.0

Measured = Callable[[], Awaitable[float]]
"""One run; answers its rate or its seconds."""


class Pair(NamedTuple):
    """Two runs next to each other."""

    candidate: float
    baseline: float

    @property
    def ratio(self) -> float:
        return self.candidate / self.baseline


class Spread(NamedTuple):
    """Least, lower quartile, median, upper quartile, most of some values."""

    least: float
    lower: float
    median: float
    upper: float
    most: float
    count: int

    def __str__(self) -> str:
        return (
            f"median {_short(self.median)}, quartiles {_short(self.lower)} .. {_short(self.upper)}, "
            f"{_short(self.least)} .. {_short(self.most)} of {self.count}"
        )


class Bound(NamedTuple):
    """What is promised of a value: `at least` or `at most` so much."""

    direction: Literal["at least", "at most"]
    value: float
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.direction} {_short(self.value)}{self.unit and f' {self.unit}'}"


class Options(NamedTuple):
    """`quick` is a smoke run: few pairs, small inputs, no waiting for a quiet machine."""

    quick: bool
    pairs: int


def read_options(description: str) -> Options:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="a smoke run on small inputs, whose figures say nothing")
    parser.add_argument("--pairs", type=int, help=f"how many interleaved pairs; {FEWEST_PAIRS} unless said")
    given = parser.parse_args()
    return Options(given.quick, given.pairs or (2 if given.quick else FEWEST_PAIRS))


async def interleaved(candidate: Measured, baseline: Measured, pairs: int) -> list[Pair]:
    """Runs both in turns; which one goes first changes, so that neither always has the warmer machine."""
    found: list[Pair] = []
    for number in range(pairs):
        if number % 2:
            first = await baseline()
            found.append(Pair(await candidate(), first))
        else:
            first = await candidate()
            found.append(Pair(first, await baseline()))
    return found


def spread_of(values: Sequence[float]) -> Spread:
    """Quartiles as the standard library's inclusive method finds them. Raises ValueError for no values."""
    if not values:
        raise ValueError("no values, no spread")
    if len(values) == 1:
        return Spread(*([values[0]] * 5), count=1)
    lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(min(values), lower, median, upper, max(values), len(values))


def place_of(bound: Bound, spread: Spread) -> str:
    """Where the bound lies. Within the spread means that this run neither shows the promise kept nor broken."""
    if spread.least < bound.value < spread.most:
        return "within the spread"
    is_beyond = spread.least >= bound.value if bound.direction == "at least" else spread.most <= bound.value
    return "kept by every pair" if is_beyond else "missed by every pair"


def tell(name: str, values: Sequence[float], bound: Bound | None = None, unit: str = "") -> Spread:
    """Prints one line and answers its spread."""
    spread = spread_of(values)
    promise = f" | promised {bound}: {place_of(bound, spread)}" if bound else ""
    print(f"{name:44} {spread}{unit and f' {unit}'}{promise}", flush=True)
    return spread


def tell_pairs(name: str, pairs: Sequence[Pair], bound: Bound | None, unit: str) -> Spread:
    """The ratios, and under them both sides."""
    spread = tell(f"{name}: ratio", [pair.ratio for pair in pairs], bound)
    tell(f"{name}: candidate", [pair.candidate for pair in pairs], unit=unit)
    tell(f"{name}: baseline", [pair.baseline for pair in pairs], unit=unit)
    return spread


async def until_quiet(options: Options) -> None:
    """Waits, within bounds, until little else runs on this machine."""
    deadline = time.monotonic() + (0.0 if options.quick else LONGEST_WAIT_SECONDS)
    while os.getloadavg()[0] >= QUIET_LOAD and time.monotonic() < deadline:
        await asyncio.sleep(5)
    tell_load("before")


def tell_load(when: str) -> None:
    print(f"load average {when}: {' '.join(f'{load:.2f}' for load in os.getloadavg())}", flush=True)


def tell_machine(script: str) -> None:
    now = dt.datetime.now(dt.UTC).isoformat(sep=" ", timespec="minutes")
    print(f"# {script}, {now}")
    print(f"# {os.cpu_count()} cores, {_cpu_model()}, {_memory()}, {platform.system()} {platform.release()}")
    print(f"# Python {platform.python_version()}", flush=True)


def resident_megabytes(pid: int) -> float:
    """Of one process now, in millions of bytes."""
    return _status(pid, "VmRSS") / 1e6


def peak_megabytes(pid: int) -> float:
    """The most that a process had resident since its start, or since `forget_peak`."""
    return _status(pid, "VmHWM") / 1e6


def forget_peak(pid: int) -> None:
    """The kernel measures the peak anew from now on (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _status(pid: int, field: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    return 0


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
