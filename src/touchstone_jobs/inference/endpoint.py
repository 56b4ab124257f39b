"""Answers from an OpenAI-compatible endpoint."""

from collections.abc import Iterator
from typing import Any

from touchstone_jobs.chat import Chat, Message, by_callers
from touchstone_jobs.completions import CallFailed, Completion, Endpoint
from touchstone_jobs.inference.reasoning import split_thought, token_usage
from touchstone_jobs.inference.samples import Answer, Record, Sample
from touchstone_jobs.wire import InferenceSettings


class EndpointPredictor:
    def __init__(self, endpoint: Endpoint, settings: InferenceSettings) -> None:
        self._endpoint = endpoint
        self._settings = settings

    async def answer_all(self, samples: Iterator[Sample], record: Record) -> None:
        callers = max(self._settings.concurrency, 1)
        async with Chat(self._endpoint, callers) as chat:
            await by_callers(callers, lambda: self._answer_some(chat, samples, record))

    async def _answer_some(self, chat: Chat, samples: Iterator[Sample], record: Record) -> None:
        for sample in samples:
            await record(await self._answer(chat, sample))

    async def _answer(self, chat: Chat, sample: Sample) -> Answer:
        try:
            completion = await chat.complete(self._messages(sample.text), self._parameters())
        except CallFailed as error:
            return Answer(row=sample.row, error=str(error))
        return _answer(sample.row, completion)

    def _messages(self, text: str) -> list[Message]:
        prompt = self._settings.system_prompt
        system = [{"role": "system", "content": prompt}] if prompt else []
        return [*system, {"role": "user", "content": text}]

    def _parameters(self) -> dict[str, Any]:
        generation = self._settings.generation
        return {
            "max_tokens": generation.max_new_tokens,
            "frequency_penalty": generation.frequency_penalty,
            "temperature": generation.temperature,
            "top_p": generation.top_p,
        }


def _answer(row: int, completion: Completion) -> Answer:
    told_apart = completion.reasoning is not None
    thought, text = (completion.reasoning, completion.text) if told_apart else split_thought(completion.text)
    usage = token_usage(completion.usage, thought, told_apart=told_apart)
    return Answer(row=row, text=text, reasoning=thought, usage=usage, seconds=round(completion.seconds, 6))
