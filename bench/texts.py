"""Files of dialogues to upload and to answer: the same for everybody who asks for the same size."""

import csv
import io
import random
from collections.abc import Iterator
from pathlib import Path

TEXT = (
    "the meeting was moved to Thursday because nobody could find a room and Anna, who had asked for it, was ill; "
    'they said "well" and agreed that müde Leute nichts entscheiden — so it goes, again and again, until spring'
)
WORDS = TEXT.split(" ")


def rows(seed: int = 1) -> Iterator[tuple[str, str]]:
    """Examples of some 700 characters with commas, quotes and now and then a line break; and their summaries."""
    chance = random.Random(seed)
    number = 0
    while True:
        number += 1
        example = " ".join(chance.choices(WORDS, k=chance.randint(90, 170)))
        if number % 10 == 0:
            example = example.replace(";", ";\n", 1)
        yield f"{number}: {example}", " ".join(chance.choices(WORDS, k=chance.randint(12, 30)))


def write_csv(path: Path, size: int) -> None:
    """Just below so many bytes. A block of rows is written again and again, each time with another number."""
    block = _block()
    with path.open("wb") as file:
        file.write(b"id,examples,ground_truth\n")
        number = 0
        while file.tell() + sum(map(len, block)) + 20 * len(block) < size:
            for line in block:
                number += 1
                file.write(b"%d," % number + line)


def write_rows(path: Path, count: int) -> None:
    """So many rows."""
    block = _block()
    with path.open("wb") as file:
        file.write(b"id,examples,ground_truth\n")
        for number in range(count):
            file.write(b"%d," % number + block[number % len(block)])


def _block() -> list[bytes]:
    source, lines = rows(), list[bytes]()
    for _ in range(500):
        line = io.StringIO(newline="")
        csv.writer(line, lineterminator="\n").writerow(next(source))
        lines.append(line.getvalue().encode())
    return lines
