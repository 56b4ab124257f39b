"""METEOR where NLTK finds WordNet's data: a WordNet of one set of synonyms, in its own file format (wndb(5WN))."""

import json
import os
import subprocess
import sys
from pathlib import Path

from touchstone_jobs.evaluation import lexical

PARTS = ("noun", "verb", "adj", "adv")
SCORE = """
import json, sys
from touchstone_jobs.evaluation.metrics import result_object, score_shard
from touchstone_jobs.evaluation.rows import Rows
from touchstone_jobs.wire import TaskDefinition
rows = Rows(["the car is red"], ["the auto is red"], [""])
print(json.dumps(result_object("meteor", score_shard("meteor", rows, TaskDefinition()))))
"""


def wordnet(folder: Path) -> None:
    folder.mkdir(parents=True)
    for part in PARTS:
        (folder / f"data.{part}").write_text("")
        (folder / f"index.{part}").write_text("")
        (folder / f"{part}.exc").write_text("")
    header = "  1 a set of synonyms is found by where in the file it stands\n"
    place = f"{len(header):08}"
    (folder / "data.noun").write_text(f"{header}{place} 00 n 02 car 0 auto 0 000 | a vehicle with wheels\n")
    entries = (f"{word} n 1 0 1 0 {place}\n" for word in ("auto", "car"))
    (folder / "index.noun").write_text("".join(entries))
    (folder / "lexnames").write_text("00\tnoun.artifact\t1\n")
    for name in ("cntlist.rev", "index.sense"):
        (folder / name).write_text("")


def scored(nltk_data: Path) -> dict[str, object]:
    variables = {**os.environ, "NLTK_DATA": str(nltk_data)}
    command = [sys.executable, "-c", SCORE]
    return json.loads(subprocess.run(command, env=variables, capture_output=True, text=True, check=True).stdout)


def test_synonyms_match_where_wordnet_is_and_the_result_says_so(tmp_path: Path) -> None:
    wordnet(tmp_path / "corpora" / "wordnet")
    result = scored(tmp_path)

    assert result["matching"] == "words, stems and WordNet synonyms"
    # by hand: four of four words match in one chunk, penalty 0.5 * (1 / 4) ** 3
    assert result["meteor_mean"] == 1 - 0.5 / 64


def test_without_wordnet_the_result_says_what_did_match(tmp_path: Path) -> None:
    assert isinstance(lexical._NoSynonyms().synsets("car"), list)
    result = scored(tmp_path)

    if result["matching"] == "words and stems (no WordNet)":
        # by hand: three of four words match in two chunks
        assert result["meteor_mean"] == 0.75 * (1 - 0.5 * (2 / 3) ** 3)
