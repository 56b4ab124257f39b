"""What tokens cost at the providers of the catalogue's API models."""

from touchstone_jobs.completions import DEFAULT_BASE_URLS
from touchstone_jobs.wire import InferenceSettings, Prices

TABLE_DATE = "2025-10"
"""Prices change: these are the providers' list prices of that month, without discounts for caches and batches."""

TABLE: dict[tuple[str, str], Prices] = {
    ("openai", "gpt-4o"): Prices(prompt_usd_per_million=2.50, completion_usd_per_million=10.00),
    ("openai", "gpt-4o-mini"): Prices(prompt_usd_per_million=0.15, completion_usd_per_million=0.60),
    ("mistral", "ministral-8b-latest"): Prices(prompt_usd_per_million=0.10, completion_usd_per_million=0.10),
    ("deepseek", "deepseek-chat"): Prices(prompt_usd_per_million=0.28, completion_usd_per_million=0.42),
    ("deepseek", "deepseek-reasoner"): Prices(prompt_usd_per_million=0.28, completion_usd_per_million=0.42),
}


def prices_of(settings: InferenceSettings) -> tuple[Prices, str] | None:
    """The job's own prices, else the table's for a model at its provider's own address; with where they are from."""
    if settings.prices:
        return settings.prices, "the job"
    prices = TABLE.get((settings.provider, settings.model))
    at_home = settings.base_url in (None, "", DEFAULT_BASE_URLS.get(settings.provider))
    return (prices, f"list prices of {TABLE_DATE}") if prices and at_home else None
