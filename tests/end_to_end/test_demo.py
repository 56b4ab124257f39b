"""The demo as its users run it, on real embedded parts."""

import csv
import itertools
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.end_to_end.command import started, touchstone

from touchstone.command_line import exit_codes
from touchstone.demo.sample import DIALOGUES
from touchstone.environment_file import new_secret_key

SHARED_DIALOGUES = Path(__file__).parents[3] / "shared" / "data" / "summarization" / "dialogsum_exc.csv"
SECONDS = 180
ROUGE_1 = "rouge_rouge1_mean"
TOKENS = "token_length_pred_token_length_mean"


def check_report(report: dict[str, Any]) -> None:
    assert [model["model"] for model in report["models"]] == ["lead-1", "lead-3"]
    for model in report["models"]:
        assert model["status"] == "succeeded"
        assert 0 < model["metrics"][ROUGE_1] < 1
        assert {"bleu_bleu_mean", "meteor_meteor_mean", "token_length_pred_token_length_mean"} <= model[
            "metrics"
        ].keys()
        results = json.loads(Path(model["results_path"]).read_bytes())
        assert len(results["artifacts"]["predictions"]) == len(results["artifacts"]["ground_truth"])
    one, three = (model["metrics"][TOKENS] for model in report["models"])
    assert one < three


def test_the_demo_compares_two_models_and_leaves_nothing_running(open_folder: Path) -> None:
    with started("demo", folder=open_folder) as running:
        running.wait_until(lambda: "lead-3: running" in running.said(), SECONDS)
        assert running.process.wait(SECONDS) == exit_codes.OK
        running.wait_until_gone()
        said = running.said()
    for words in ("Uploaded dialogues.csv", "lead-1: succeeded", ROUGE_1, "compiled.json", "touchstone serve", "/docs"):
        assert words in said, said


@pytest.fixture
def own_file(open_folder: Path) -> Path:
    """The shared dialogues where they lie beside this checkout, else the first few of ours under another name."""
    if SHARED_DIALOGUES.exists():
        return SHARED_DIALOGUES
    own = open_folder / "own.csv"
    with DIALOGUES.open(newline="") as packaged, own.open("w", newline="") as file:
        csv.writer(file).writerows(itertools.islice(csv.reader(packaged), 6))
    return own


def test_the_demo_takes_the_users_own_file_and_touches_nothing_that_is_configured(
    own_file: Path, open_folder: Path
) -> None:
    elsewhere = {
        "database_url": "postgresql://nobody@127.0.0.1:1/none",
        "ray_url": "http://127.0.0.1:1",
        "s3_bucket": "none",
        "secret_keys": new_secret_key(),
    }
    done = touchstone("demo", str(own_file), "--json", folder=open_folder, seconds=SECONDS, **elsewhere)
    assert done.returncode == exit_codes.OK, done.stderr
    report = json.loads(done.stdout)
    check_report(report)
    assert report["dataset"]["filename"] == own_file.name


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("examples,summary\na,b\n", "lacks the column ground_truth"),
        ("text\na\n", "lacks the column examples and ground_truth"),
        ("", "lacks the column"),
    ],
)
def test_a_file_without_its_columns_is_refused_before_anything_starts(
    content: str, told: str, open_folder: Path
) -> None:
    (open_folder / "own.csv").write_text(content)
    refused = touchstone("demo", "own.csv", folder=open_folder)
    assert refused.returncode == exit_codes.USAGE
    assert told in refused.stderr
    assert not (open_folder / ".touchstone").exists()


def test_an_interrupted_demo_ends_everything(open_folder: Path) -> None:
    with started("demo", folder=open_folder) as running:
        running.wait_until(lambda: "Uploaded" in running.said(), SECONDS)
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(60) == exit_codes.INTERRUPTED
        running.wait_until_gone()
        assert "Traceback" not in running.said()
