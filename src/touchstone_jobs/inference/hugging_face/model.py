"""A loaded model, asked a batch at a time.

`generate` is called directly: the summarization and translation pipelines are gone from transformers 5.
"""

import time
from importlib import import_module
from typing import Any, NamedTuple

import msgspec

from touchstone_jobs.completions import Usage
from touchstone_jobs.failures import JobFailure
from touchstone_jobs.inference.hugging_face.generation import generation_options
from touchstone_jobs.inference.hugging_face.kinds import Kind, direction, kind_of, model_name, prefixed, tagged
from touchstone_jobs.inference.reasoning import split_thought, token_usage
from touchstone_jobs.inference.samples import Answer, Sample
from touchstone_jobs.wire import InferenceSettings

_POSITION_LIMITS = (
    "max_position_embeddings",
    "n_positions",
    "n_ctx",
    "seq_len",
    "seq_length",
    "max_sequence_length",
    "sliding_window",
)
_DEFAULT_LIMIT = 512


class HuggingFaceModel:
    """Tokenizer and weights on their device. Raises JobFailure `model_not_loaded` and what `kind_of` raises."""

    def __init__(self, settings: InferenceSettings, secret: str | None) -> None:
        self._settings = settings
        self._torch: Any = import_module("torch")
        transformers: Any = import_module("transformers")
        transformers.utils.logging.disable_progress_bar()
        transformers.utils.logging.set_verbosity_error()
        name = model_name(settings)
        place = {"revision": settings.revision or "main", "trust_remote_code": settings.trust_remote_code}
        if secret:
            place["token"] = secret
        try:
            config: Any = transformers.AutoConfig.from_pretrained(name, **place)
            self.kind = kind_of(name, config.model_type, bool(config.is_encoder_decoder), settings.task)
            self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(name, use_fast=settings.use_fast, **place)
            family = transformers.AutoModelForCausalLM if self._is_causal else transformers.AutoModelForSeq2SeqLM
            model: Any = family.from_pretrained(name, dtype=self._dtype(), **place)
        except (OSError, ValueError, ImportError, KeyError, RuntimeError) as error:
            raise JobFailure("model_not_loaded", f"The model {name} cannot be loaded: {error}") from None
        self._device = self._chosen_device()
        self._model = self._on_device(model).eval()
        self._limit = _position_limit(config)
        self._prepare(config)

    @property
    def _is_causal(self) -> bool:
        return self.kind is Kind.CAUSAL

    def answers(self, samples: list[Sample]) -> list[Answer]:
        """One per sample. A batch that cannot be answered is halved until the sample at fault stands alone."""
        began = time.monotonic()
        try:
            written = self._generate([sample.text for sample in samples])
        except (RuntimeError, ValueError, IndexError) as error:  # what torch raises when memory is short, too
            if len(samples) == 1:
                return [Answer(row=samples[0].row, error=f"{type(error).__name__}: {error}")]
            middle = len(samples) // 2
            return self.answers(samples[:middle]) + self.answers(samples[middle:])
        seconds = round(time.monotonic() - began, 6)
        return [_answer(sample.row, one, seconds) for sample, one in zip(samples, written, strict=True)]

    def _generate(self, texts: list[str]) -> list["Written"]:
        inputs = self._encoded([self._prompt(text) for text in texts])
        length = inputs["input_ids"].shape[1]
        if self._is_causal and length >= self._limit:
            raise ValueError(f"the prompt has {length} tokens, the model takes {self._limit}")
        room = self._limit - length if self._is_causal else self._limit
        options = generation_options(self._settings.generation, room, self._options, length if self._is_causal else 1)
        self._torch.manual_seed(0)  # sampled answers stay the same from run to run
        with self._torch.inference_mode():
            output = self._model.generate(**inputs, **options)
        # an encoder's answer begins with a token that nobody generated
        new = output[:, length if self._is_causal else 1 :]
        texts = self._tokenizer.batch_decode(new, skip_special_tokens=True)
        asked = inputs["attention_mask"].sum(dim=1).tolist()
        counts = [_length(row, self._ends()) for row in new.tolist()]
        return [Written(text.strip(), *count) for text, *count in zip(texts, asked, counts, strict=True)]

    def _ends(self) -> set[int]:
        ends: int | list[int] | None = self._model.generation_config.eos_token_id
        return set(ends) if isinstance(ends, list) else set() if ends is None else {ends}

    def _encoded(self, prompts: list[str]) -> Any:
        # a chat template writes the special tokens itself; a chat cut short would lose its question
        how = {"add_special_tokens": not self._has_template} if self._is_causal else {"truncation": True}
        longest = {} if self._is_causal else {"max_length": self._limit}
        encoded = self._tokenizer(prompts, return_tensors="pt", padding=True, **how, **longest)
        wanted = {name: value for name, value in encoded.items() if name != "token_type_ids"}
        return {name: value.to(self._device) for name, value in wanted.items()}

    def _prompt(self, text: str) -> str:
        match self.kind:
            case Kind.CAUSAL:
                return self._chat(text)
            case Kind.SUMMARY:
                return self._summary_prefix + text
            case Kind.PREFIX:
                return prefixed(text, direction(self._settings.task))
            case Kind.MARIAN:
                supported = getattr(self._tokenizer, "supported_language_codes", [])
                return tagged(text, direction(self._settings.task), supported)
            case Kind.CODES:
                return text

    def _chat(self, text: str) -> str:
        prompt = self._settings.system_prompt
        if not self._has_template:
            return f"{prompt}\n\n{text}\n" if prompt else text
        system = [{"role": "system", "content": prompt}] if prompt else []
        messages = [*system, {"role": "user", "content": text}]
        return self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)

    def _prepare(self, config: Any) -> None:
        self._options: dict[str, Any] = {}
        self._has_template = bool(getattr(self._tokenizer, "chat_template", None))
        self._summary_prefix = ""
        if self.kind is Kind.SUMMARY:
            advice = _summarization_advice(config)
            self._summary_prefix = str(advice.pop("prefix", ""))
            self._options |= advice
        if self._is_causal:
            self._tokenizer.padding_side = "left"
            if self._tokenizer.pad_token is None:
                self._tokenizer.pad_token = self._tokenizer.eos_token
            self._options["pad_token_id"] = self._tokenizer.pad_token_id
        if self.kind is Kind.CODES:
            pair = direction(self._settings.task)
            self._tokenizer.src_lang = pair.source.code
            self._options["forced_bos_token_id"] = self._tokenizer.get_lang_id(pair.target.code)

    def _dtype(self) -> Any:
        name = self._settings.torch_dtype
        dtype = "auto" if name == "auto" else getattr(self._torch, name.removeprefix("torch."), None)
        if dtype != "auto" and not isinstance(dtype, self._torch.dtype):
            raise JobFailure("bad_dtype", f"torch knows no dtype {name}.")
        return dtype

    def _on_device(self, model: Any) -> Any:
        try:
            return model.to(self._device)
        except (RuntimeError, AssertionError) as error:  # what torch raises without, or with too little of, a device
            reason = f"The model cannot be put on {self._device}: {error}"
            raise JobFailure("device_unavailable", reason) from None

    def _chosen_device(self) -> str:
        wanted = self._settings.accelerator or "auto"
        if wanted != "auto":
            return wanted
        if self._torch.cuda.is_available():
            return "cuda"
        return "mps" if self._torch.backends.mps.is_available() else "cpu"


class Written(NamedTuple):
    """What the model generated, and how many tokens it read and wrote for that, the closing one included."""

    text: str
    prompt_tokens: int
    completion_tokens: int


def _answer(row: int, written: Written, seconds: float) -> Answer:
    thought, text = split_thought(written.text)
    read, wrote = written.prompt_tokens, written.completion_tokens
    usage = token_usage(Usage(read, wrote, read + wrote), thought, told_apart=False)
    return Answer(row=row, text=text, reasoning=thought, usage=usage, seconds=seconds)


def _length(tokens: list[int], ends: set[int]) -> int:
    """Up to the first end; what comes after it fills the batch up."""
    return next((position for position, token in enumerate(tokens, start=1) if token in ends), len(tokens))


def _summarization_advice(config: Any) -> dict[str, Any]:
    """What older models say about summarizing; how long a summary may be is the job's to say."""
    tasks: dict[str, dict[str, Any]] = getattr(config, "task_specific_params", None) or {}
    return {name: value for name, value in tasks.get("summarization", {}).items() if name != "max_length"}


def _position_limit(config: Any) -> int:
    sizes = (getattr(config, name, None) for name in _POSITION_LIMITS)
    return next((size for size in sizes if isinstance(size, int) and size > 0), _DEFAULT_LIMIT)


class HuggingFaceWorker:
    """The model as Ray Data's actors hold it: batches of columns in, batches of columns out.

    A failure that concerns every sample comes back as one: an actor that raised would lose its words.
    """

    def __init__(self, settings: bytes, secret: str | None) -> None:
        self._failure: JobFailure | None = None
        try:
            self._model = HuggingFaceModel(msgspec.json.decode(settings, type=InferenceSettings), secret)
        except JobFailure as failure:
            self._failure = failure

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[bytes]]:
        if self._failure:
            return {"failure": [msgspec.json.encode(self._failure.reason)], "answer": [b""]}
        pairs = zip(batch["row"], batch["text"], strict=True)
        answers = self._model.answers([Sample(row=int(row), text=str(text)) for row, text in pairs])
        return {"failure": [b""] * len(answers), "answer": [msgspec.json.encode(answer) for answer in answers]}
