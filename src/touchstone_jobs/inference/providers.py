"""Which predictor stands behind a provider's name."""

from touchstone_jobs.attempt import Attempt
from touchstone_jobs.inference.baseline import Baseline
from touchstone_jobs.inference.samples import Predictor
from touchstone_jobs.wire import InferenceSettings


def predictor_for(settings: InferenceSettings, attempt: Attempt) -> Predictor:
    """`baseline`, `hf`, or else an OpenAI-compatible endpoint. Raises JobFailure when it cannot be had."""
    if settings.provider == "baseline":
        return Baseline(settings.model)
    if settings.provider == "hf":
        from touchstone_jobs.inference.hugging_face.predictor import HuggingFacePredictor

        return HuggingFacePredictor(settings, attempt.secret)
    from touchstone_jobs.completions import endpoint_of
    from touchstone_jobs.inference.endpoint import EndpointPredictor

    endpoint = endpoint_of(settings.provider, settings.model, settings.base_url, attempt.secret)
    return EndpointPredictor(endpoint, settings)
