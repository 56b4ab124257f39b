"""What an attempt counts as spent."""

import asyncio

from touchstone_jobs.completions import Usage
from touchstone_jobs.spending import counted_spending, note_spent


def test_tokens_of_questions_and_answers_are_added_up_in_all_tasks() -> None:
    async def ask(total: int) -> None:
        note_spent(Usage(total_tokens=total))

    async def ask_all() -> None:
        await asyncio.gather(*(ask(total) for total in (10, 20, 30)))

    with counted_spending() as spending:
        asyncio.run(ask_all())
        note_spent(Usage(prompt_tokens=3, completion_tokens=4))
        note_spent(None)
    assert spending.tokens == 67


def test_what_is_spent_outside_counts_for_nobody() -> None:
    note_spent(Usage(total_tokens=5))
    with counted_spending() as outer:
        with counted_spending() as inner:
            note_spent(Usage(total_tokens=5))
        note_spent(Usage(total_tokens=7))
    assert (outer.tokens, inner.tokens) == (7, 5)
