"""What the service and a job attempt tell each other: structs only.

One `JobConfig` object per attempt goes out, one `Outcome` object comes back, `Progress` objects in between.
All are JSON in the object store; the attempt is told only where its config lies (`CONFIG_VARIABLE`).
Fields are only ever added, with defaults, so that neighbouring versions understand each other.
"""

from typing import Any, Literal

import msgspec

CONFIG_VARIABLE = "TOUCHSTONE_JOB_CONFIG"
ENTRYPOINT = "python -m touchstone_jobs"

JobKind = Literal["inference", "annotate", "evaluator"]


class TaskDefinition(msgspec.Struct, omit_defaults=True):
    task: Literal["summarization", "translation", "text-generation"] = "summarization"
    source_language: str | None = None
    target_language: str | None = None


class GenerationSettings(msgspec.Struct):
    max_new_tokens: int = 1024
    frequency_penalty: float = 0.0
    temperature: float = 0.5
    top_p: float = 0.5


class Prices(msgspec.Struct, frozen=True):
    """US dollars for a million tokens; reasoning is part of the completion."""

    prompt_usd_per_million: float
    completion_usd_per_million: float


class InferenceSettings(msgspec.Struct):
    """`provider` is `hf`, `baseline`, or the name of an OpenAI-compatible endpoint.

    `num_gpus` is for each worker of a Hugging Face model; `gpu_if_any` makes it one where that is 0 and the cluster
    has GPUs. `prices` win over those that the cluster code knows.
    """

    model: str
    provider: str
    task: TaskDefinition
    generation: GenerationSettings
    output_field: str = "predictions"
    base_url: str | None = None
    system_prompt: str | None = None
    batch_size: int = 1
    revision: str | None = "main"
    use_fast: bool = True
    trust_remote_code: bool = False
    torch_dtype: str = "auto"
    accelerator: str | None = "auto"
    num_gpus: float = 0.0
    max_failed_samples: int = 0
    concurrency: int = 64
    gpu_if_any: bool = False
    prices: Prices | None = None


class JudgeSettings(msgspec.Struct):
    model_name: str
    model_base_url: str


class EvaluationSettings(msgspec.Struct):
    """`judges` sit beside `judge`, or without it alone; `num_gpus` is for each task of a metric that has a model."""

    metrics: list[str]
    task: TaskDefinition
    predictions_field: str = "predictions"
    judge: JudgeSettings | None = None
    judges: list[JudgeSettings] = []
    num_gpus: float = 0.0


class DatasetSource(msgspec.Struct):
    """`folder_uri` ends with a slash and holds the four files of a dataset."""

    id: str
    name: str
    folder_uri: str
    digest: str = ""


class DatasetTarget(msgspec.Struct):
    """Where the attempt writes the dataset it makes: `folder_uri` ends with a slash, the id is already chosen."""

    id: str
    name: str
    folder_uri: str


class Compilation(msgspec.Struct):
    """An evaluation inside a workflow also merges the inference's results with its own."""

    inference_results_uri: str
    compiled_uri: str


class Ticket(msgspec.Struct):
    """POST `url` with `Authorization: Bearer {token}` answers `{"value": secret}` while the attempt lives."""

    url: str
    token: str


class JobConfig(msgspec.Struct):
    """Everything one attempt needs. `work_uri` (ends with a slash) is shared by the job's attempts: segments of
    finished samples lie there; `attempt_uri` (ends with a slash) is this attempt's own: progress and outcome.

    `report` is the config as the evaluation contract shows it, and stands in `results.json` as `parameters`.
    """

    job_id: str
    attempt: int
    kind: JobKind
    name: str
    dataset: DatasetSource
    work_uri: str
    attempt_uri: str
    results_uri: str
    max_samples: int = -1
    inference: InferenceSettings | None = None
    evaluation: EvaluationSettings | None = None
    target: DatasetTarget | None = None
    compilation: Compilation | None = None
    ticket: Ticket | None = None
    report: dict[str, Any] = {}
    version: int = 1


class Progress(msgspec.Struct):
    """`progress.json` beside the outcome, written at most once a second. `rate_per_second` is samples."""

    done: int = 0
    total: int = 0
    failed: int = 0
    rate_per_second: float = 0.0


class DatasetFacts(msgspec.Struct):
    """What a written dataset folder holds; `size` is the CSV's bytes, `digest` hex SHA-256 of its rows."""

    size: int
    rows: int
    columns: list[str]
    ground_truth: bool
    digest: str


class FailureReason(msgspec.Struct):
    """`code` is a word a program may switch on, `message` a sentence for a person."""

    code: str
    message: str


class Outcome(msgspec.Struct):
    """`outcome.json`, the last thing an attempt writes, whether it went well or not.

    `metrics` are flat numbers (`rouge_rouge1_mean`), rounded to 3 decimals as the contract has them, money to 6;
    `tokens` is what this attempt spent at providers.
    """

    attempt: int
    succeeded: bool
    progress: Progress
    metrics: dict[str, float] = {}
    failure: FailureReason | None = None
    dataset: DatasetFacts | None = None
    tokens: int = 0
    version: int = 1


class MetricNeeds(msgspec.Struct, frozen=True):
    """What a metric asks of the dataset, and whether it asks a judge."""

    reference: bool = True
    examples: bool = False
    judge: bool = False


CONTRACT_METRICS: dict[str, MetricNeeds] = {
    "rouge": MetricNeeds(),
    "meteor": MetricNeeds(),
    "bertscore": MetricNeeds(),
    "bleu": MetricNeeds(),
    "comet": MetricNeeds(examples=True),
    "g_eval_summarization": MetricNeeds(examples=True, judge=True),
    "g_eval_translation": MetricNeeds(examples=True, judge=True),
    "g_eval_translation_noref": MetricNeeds(reference=False, examples=True, judge=True),
    "token_length": MetricNeeds(),
}
"""The metrics that results.json always names, null where they were not asked for."""

KNOWN_METRICS: dict[str, MetricNeeds] = {
    **CONTRACT_METRICS,
    "corpus_bleu": MetricNeeds(),
    "chrf": MetricNeeds(),
    "ter": MetricNeeds(),
    "exact_match": MetricNeeds(),
    "token_f1": MetricNeeds(),
    "embedding_similarity": MetricNeeds(),
}
"""The metrics that cluster code computes, by the name under which results.json holds them."""

PROGRESS_FILE = "progress.json"
OUTCOME_FILE = "outcome.json"
CONFIG_FILE = "config.json"
