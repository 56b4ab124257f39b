import json

import pyarrow.parquet
import pytest
from aiohttp import web
from tests.jobs.attempts import DIALOGUES, SUMMARIES, Workplace, evaluation
from tests.jobs.endpoints import Body, FakeEndpoint, completion, refusal, serving

from touchstone_jobs import wire

PREDICTIONS: list[str | None] = ["Person1 comes to the market.", "The train is late.", "The report needs figures."]


async def generous(_: FakeEndpoint, body: Body) -> web.Response:
    verdict = {"score": 7, "reason": "Most of it is right."}
    return completion(f"<think>hm {{}}</think>Here you are:\n```json\n{json.dumps(verdict)}\n```")


def judged_by(endpoint: FakeEndpoint, *metrics: str) -> wire.EvaluationSettings:
    return evaluation(*metrics, judge=wire.JudgeSettings("judge-1", endpoint.base_url))


def test_a_judge_scores_every_row_in_every_dimension(workplace: Workplace) -> None:
    dataset = workplace.dataset({"examples": DIALOGUES, "ground_truth": SUMMARIES, "predictions": PREDICTIONS})
    with serving(generous) as endpoint:
        config = workplace.config("evaluator", dataset, evaluation=judged_by(endpoint, "rouge", "g_eval_summarization"))
        status, printed = workplace.run(config)

    assert status == 0, printed
    assert len(endpoint.bodies) == 3 * 4
    result = workplace.results()["metrics"]["g_eval_summarization"]
    dimensions = ("coherence", "consistency", "fluency", "relevance")
    assert set(result) == {f"{dimension}{end}" for dimension in dimensions for end in ("", "_mean")}
    assert result["coherence"][0] == {"score": 0.7, "reason": "Most of it is right."}
    outcome = workplace.outcome()
    assert outcome.metrics["g_eval_summarization_relevance_mean"] == 0.7
    assert outcome.progress.done == 3
    table = pyarrow.parquet.read_table(workplace.root / "jobs" / workplace.job_id / "scores.parquet")
    assert table.column("g_eval_summarization_fluency").to_pylist() == [0.7] * 3
    assert len(set(table.column("key").to_pylist())) == 3


def test_a_translation_is_judged_without_a_reference(workplace: Workplace) -> None:
    dataset = workplace.dataset({"examples": DIALOGUES, "predictions": PREDICTIONS})
    with serving(generous) as endpoint:
        config = workplace.config("evaluator", dataset, evaluation=judged_by(endpoint, "g_eval_translation_noref"))
        status, printed = workplace.run(config)

    assert status == 0, printed
    assert "<reference>" not in endpoint.bodies[0]["messages"][-1]["content"]
    assert workplace.results()["artifacts"]["ground_truth"] is None
    assert workplace.outcome().metrics["g_eval_translation_noref_fluency_mean"] == 0.7


def test_an_invalid_verdict_is_asked_for_again_and_verdicts_are_paid_once(workplace: Workplace) -> None:
    async def one_bad_row(endpoint: FakeEndpoint, body: Body) -> web.Response:
        text = body["messages"][1]["content"]
        if "market" in text and len(body["messages"]) == 2:
            return completion('{"score": 11, "reason": "too good"}')
        if "chapter" in text or "Chapter" in text:
            return completion("I would rather not say.")
        return await generous(endpoint, body)

    dataset = workplace.dataset({"examples": DIALOGUES, "ground_truth": SUMMARIES, "predictions": PREDICTIONS})
    with serving(one_bad_row) as endpoint:
        settings = judged_by(endpoint, "g_eval_translation")
        status, _ = workplace.run(workplace.config("evaluator", dataset, evaluation=settings))
        assert status != 0
        failure = workplace.outcome().failure
        assert failure is not None
        assert failure.code == "judge_unusable"
        kept = sum(len(path.read_text().splitlines()) for path in workplace.segments())

        endpoint.reply = generous
        endpoint.bodies.clear()
        status, printed = workplace.run(workplace.config("evaluator", dataset, attempt=2, evaluation=settings))

    assert status == 0, printed
    assert len(endpoint.bodies) == 3 * 2 - kept


def test_a_judge_that_refuses_the_key_fails_the_job(workplace: Workplace) -> None:
    async def unauthorised(_: FakeEndpoint, __: Body) -> web.Response:
        return refusal(401, "no such key")

    dataset = workplace.dataset({"examples": DIALOGUES, "ground_truth": SUMMARIES, "predictions": PREDICTIONS})
    with serving(unauthorised) as endpoint:
        status, _ = workplace.run(
            workplace.config("evaluator", dataset, evaluation=judged_by(endpoint, "g_eval_translation"))
        )

    assert status != 0
    failure = workplace.outcome().failure
    assert failure is not None
    assert failure.code == "provider_refused"


async def strict_or_lenient(_: FakeEndpoint, body: Body) -> web.Response:
    text = body["messages"][-1]["content"]
    best = 10 if "market" in text else 6 if "train" in text else 2
    score = best if body["model"] == "lenient" else best - 2
    return completion(json.dumps({"score": score, "reason": f"I am {body['model']}."}))


def test_several_judges_are_kept_averaged_and_compared(workplace: Workplace) -> None:
    dataset = workplace.dataset({"examples": DIALOGUES, "ground_truth": SUMMARIES, "predictions": PREDICTIONS})
    with serving(strict_or_lenient) as endpoint:
        judges = [wire.JudgeSettings(name, endpoint.base_url) for name in ("lenient", "strict", "strict")]
        settings = evaluation("g_eval_translation", judge=judges[0], judges=judges[1:])
        status, printed = workplace.run(workplace.config("evaluator", dataset, evaluation=settings))
        assert status == 0, printed
        assert len(endpoint.bodies) == 3 * 2 * 3
        endpoint.bodies.clear()
        status, printed = workplace.run(workplace.config("evaluator", dataset, attempt=2, evaluation=settings))
        assert status == 0, printed
        assert endpoint.bodies == [], "verdicts are paid once"

    result = workplace.results()["metrics"]["g_eval_translation"]
    assert result["judges"] == ["lenient", "strict", "strict (2)"]
    first = result["fluency"][0]
    assert first["score"] == pytest.approx((1.0 + 0.8 + 0.8) / 3)
    assert first["verdicts"][2] == {"judge": "strict (2)", "score": 0.8, "reason": "I am strict."}
    assert "lenient: I am lenient." in first["reason"]
    # by hand, in tenths: units (10, 8, 8), (6, 4, 4), (2, 0, 0) around their mean 42 / 9
    # observed 3 * (2 * 3 * 8 / 3) / 2 = 24, expected 2 * 9 * 104 / 8 = 234
    assert result["fluency_alpha"] == pytest.approx(1 - 24 / 234)
    assert workplace.outcome(2).metrics["g_eval_translation_fluency_alpha"] == round(1 - 24 / 234, 3)
    assert workplace.outcome().progress.done == 3
    table = pyarrow.parquet.read_table(workplace.root / "jobs" / workplace.job_id / "scores.parquet")
    assert table.column("g_eval_translation_fluency_verdicts").to_pylist()[0] == first["verdicts"]


def test_judges_need_no_first_one_and_one_that_fails_is_named(workplace: Workplace) -> None:
    async def silent_or_generous(endpoint: FakeEndpoint, body: Body) -> web.Response:
        return completion("no") if body["model"] == "silent" else await generous(endpoint, body)

    dataset = workplace.dataset({"examples": DIALOGUES, "ground_truth": SUMMARIES, "predictions": PREDICTIONS})
    with serving(silent_or_generous) as endpoint:
        judges = [wire.JudgeSettings(name, endpoint.base_url) for name in ("generous", "silent")]
        settings = evaluation("g_eval_translation", judges=judges)
        status, _ = workplace.run(workplace.config("evaluator", dataset, evaluation=settings))

    assert status != 0
    failure = workplace.outcome().failure
    assert failure is not None
    assert failure.code == "judge_unusable"
    assert "silent" in failure.message
    assert "generous" not in failure.message
