"""Which of our ids stands for which recorded one, learned from the answers that told them."""

import re
from typing import Any

UUID_TEXT = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
IDENTIFIER = re.compile(rf"{UUID_TEXT}|(?<![0-9a-f])[0-9a-f]{{32}}(?![0-9a-f])")
EXPERIMENT = re.compile(r"(?<=^/experiments/)\d+|(?<=^Experiment with ID )\d+")
NOBODYS_EXPERIMENT = "999999999999"


class Identifiers:
    """Datasets, jobs and workflows by their UUIDs; experiments, whose ids are numbers, apart."""

    def __init__(self) -> None:
        self._ours: dict[str, str] = {}
        self._experiments: dict[str, str] = {}

    def ours(self, text: str) -> str:
        """The text with every known id in it replaced; the others stay."""
        text = IDENTIFIER.sub(lambda found: self._ours.get(found[0], found[0]), text)
        return EXPERIMENT.sub(lambda found: self.experiment(found[0]), text)

    def experiment(self, number: str) -> str:
        return self._experiments.get(number, number)

    def row(self, identifier: str) -> str:
        return self.experiment(identifier) if identifier.isdigit() else self.ours(identifier)

    def requested(self, value: Any, key: str = "") -> Any:
        """A recorded request body with our ids in it."""
        match value:
            case dict():
                return {name: self.requested(inner, name) for name, inner in value.items()}
            case list():
                return [self.requested(inner) for inner in value]
            case str():
                return self.experiment(value) if key == "experiment_id" else self.ours(value)
            case _:
                return value

    def learn_experiment(self, theirs: str, ours: str | None) -> None:
        """None: we made no such experiment."""
        self._experiments[theirs] = ours or NOBODYS_EXPERIMENT

    def learn(self, theirs: Any, ours: Any, key: str = "") -> None:
        """From two answers of the same form."""
        match theirs, ours:
            case dict(), dict() if theirs.get("name") == ours.get("name"):
                for name in theirs.keys() & ours.keys():
                    self.learn(theirs[name], ours[name], name)
            case list(), list():
                # jobs of a workflow are newest first, and one of the two may have got further
                aligned = (theirs[::-1], ours[::-1]) if key == "jobs" else (theirs, ours)
                for one, other in zip(*aligned, strict=False):
                    self.learn(one, other)
            case str(), str() if IDENTIFIER.fullmatch(theirs) and IDENTIFIER.fullmatch(ours):
                self._ours.setdefault(theirs, ours)
            case _:
                pass
