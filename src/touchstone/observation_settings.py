"""The settings about what is tested and who reviews it."""

from typing import Annotated

from touchstone.setting_values import flag, size, stage_numbers, whole_number
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
    max_results_size: Annotated[int, size("Largest body or file of test results.")] = 50_000_000
    longest_io_log: Annotated[int, size("What one test may have printed, of that which a result keeps.")] = 4 * 2**20
    automatic_reruns: Annotated[
        int | None,
        whole_number(
            "How often issues may have one test plan run again on a build in an environment; unset: any number.", 0
        ),
    ] = None
    automatic_rerun_pause_seconds: Annotated[
        int,
        whole_number(
            "So long after a rerun that an issue asked for it may ask for the next, then for twice as long and so on, "
            "at most a day.",
            0,
        ),
    ] = 0

    strict_automatic_reruns: Annotated[
        bool,
        flag(
            "Whether only holders of change_auto_rerun turn the automatic reruns of an issue on and off; else who may "
            "change the issue does so too."
        ),
    ] = True

    metrics_days: Annotated[
        int, whole_number("Gauges of test results count those of the executions of so many days; 0: all.", 0, 36_500)
    ] = 30
    metrics_most_series: Annotated[
        int,
        whole_number("So many series one gauge of test results has; all beyond are summed up as other.", 1, 1_000_000),
    ] = 5_000
    metrics_by_test_case: Annotated[
        bool, flag("Whether the gauges of test results tell test cases apart; they may be very many.")
    ] = False

    @property
    def quorums(self) -> dict[str, int]:
        """How many people must approve an artefact of a stage."""
        pairs = (written.split("=") for written in self.approval_quorums)
        return {stage: int(number) for stage, number in pairs}
