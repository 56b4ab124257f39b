from tests.jobs.attempts import SUMMARIES, Workplace, evaluation
from tests.jobs.clusters import ClusterVariables

PREDICTIONS: list[str | None] = [*SUMMARIES[::-1]]


def test_metrics_run_as_tasks_of_the_cluster_and_give_the_same(
    workplace: Workplace, ray_cluster: ClusterVariables
) -> None:
    rows = 700
    dataset = workplace.dataset({"ground_truth": SUMMARIES * rows, "predictions": PREDICTIONS * rows})
    settings = evaluation("rouge", "bleu", "token_length")
    status, printed = workplace.run(workplace.config("evaluator", dataset, evaluation=settings))
    assert status == 0, printed
    in_place = workplace.results()["metrics"]

    config = workplace.config("evaluator", dataset, attempt=2, evaluation=settings)
    status, printed = workplace.run(config, **ray_cluster)

    assert status == 0, printed
    assert "9 tasks on the cluster" in printed
    assert workplace.results()["metrics"] == in_place
    assert workplace.outcome(2).progress.done == 3 * rows
