"""The settings about what is tested and who reviews it."""

from typing import Annotated

from touchstone.setting_values import flag, stage_numbers, whole_number
from touchstone.tracker_settings import TrackerSettings


class ObservationSettings(TrackerSettings, frozen=True, kw_only=True):
    """Lengths of time are seconds, but where a name says days."""

    executions_per_reviewer: Annotated[
        int, whole_number("One reviewer of an artefact for so many test executions on its latest builds.", 1)
    ] = 50
    review_days: Annotated[
        int, whole_number("An artefact that is given reviewers is due so many days later.", 0, 3650)
    ] = 10
    lost_execution_seconds: Annotated[
        int,
        whole_number(
            "A test execution that shows no sign of life for so long is ended as ENDED_PREMATURELY; 0: never.", 0
        ),
    ] = 0
    four_eyes: Annotated[
        bool, flag("Whether somebody else must approve than who started the test executions that are judged.")
    ] = False
    approval_quorums: Annotated[
        tuple[str, ...],
        stage_numbers("How many people must approve an artefact, by stage, as in stable=2,candidate=2; else one."),
    ] = ()

    @property
    def quorums(self) -> dict[str, int]:
        """How many people must approve an artefact of a stage."""
        pairs = (written.split("=") for written in self.approval_quorums)
        return {stage: int(number) for stage, number in pairs}
