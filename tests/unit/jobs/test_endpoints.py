"""Where a job may send its examples, and a secret."""

from typing import Any

import pytest

from touchstone.domains.jobs.endpoints import (
    EndpointRefused,
    EndpointRules,
    RemoteCodeRefused,
    SecretForAnotherHost,
    SecretWithoutHost,
    is_metadata,
)
from touchstone.domains.jobs.model import Judge
from touchstone.domains.jobs.schemas import EvaluatorConfig, InferenceConfig
from touchstone.domains.secrets.model import SealedSecret


def inference(provider: str = "openai", base_url: str | None = None, **fields: Any) -> InferenceConfig:
    return InferenceConfig(model="m", provider=provider, base_url=base_url, **fields)


def judged_at(url: str) -> EvaluatorConfig:
    return EvaluatorConfig(llm_as_judge=Judge(model_name="m", model_base_url=url))


def secret(*allowed_hosts: str) -> SealedSecret:
    return SealedSecret(name="mine", value=b"", allowed_hosts=list(allowed_hosts))


@pytest.mark.parametrize(
    ("config", "allowed_hosts"),
    [
        (inference(), []),
        (inference("mistral"), []),
        (inference("hf"), []),
        (inference(base_url="https://api.openai.com/v1"), []),
        (inference(base_url="https://API.OpenAI.com./v1"), []),
        (inference(base_url="http://gpu.local:8000/v1"), ["gpu.local"]),
        (inference(base_url="http://gpu.local:8000/v1"), ["gpu.local:8000"]),
        (inference(base_url="https://gpu.local/v1"), [" GPU.local:443 "]),
        (inference("hosted_vllm", "http://[::1]:8000/v1"), ["::1"]),
        (judged_at("https://api.openai.com/v1"), []),
        (judged_at("http://judge.local/v1"), ["judge.local"]),
    ],
)
def test_a_secret_goes_to_its_providers_host_and_to_those_that_its_owner_listed(config, allowed_hosts):
    EndpointRules().require(config, secret(*allowed_hosts))


@pytest.mark.parametrize(
    ("config", "allowed_hosts"),
    [
        (inference(base_url="https://evil.example/v1"), []),
        (inference(base_url="https://api.openai.com.evil.example/v1"), []),
        (inference(base_url="https://api.openai.com@evil.example/v1"), []),
        (inference(base_url="https://evil.example/api.openai.com"), []),
        (inference("mistral", "https://api.openai.com/v1"), []),
        (inference(base_url="http://gpu.local:9000/v1"), ["gpu.local:8000"]),
        (judged_at("http://judge.local/v1"), ["other.local"]),
        (judged_at("https://api.mistral.ai/v1"), []),
    ],
)
def test_a_secret_goes_nowhere_else(config, allowed_hosts):
    with pytest.raises(SecretForAnotherHost):
        EndpointRules(hosts=("evil.example",)).require(config, secret(*allowed_hosts))


def test_a_secret_for_a_provider_without_a_host_of_its_own_needs_a_base_url():
    with pytest.raises(SecretWithoutHost):
        EndpointRules().require(inference("ollama"), secret())


@pytest.mark.parametrize(
    "url",
    ["ftp://gpu.local/v1", "gpu.local/v1", "http://", "http://gpu.local:port/v1", "http://[::1/v1", "file:///etc"],
)
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(EndpointRefused, match="base URL reads"):
        EndpointRules().require(inference(base_url=url), None)


def test_without_a_secret_hosts_follow_the_setting():
    open_rules, closed = EndpointRules(), EndpointRules(hosts=("gpu.local:8000", "judge.local"))
    for rules in (open_rules, closed):
        rules.require(inference(base_url="http://gpu.local:8000/v1"), None)
        rules.require(judged_at("http://judge.local/v1"), None)
        rules.require(inference(), None)
    open_rules.require(inference(base_url="http://other.local/v1"), None)
    for url in ("http://other.local/v1", "http://gpu.local/v1"):
        with pytest.raises(EndpointRefused):
            closed.require(inference(base_url=url), None)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.170.2",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "fe80::1",
        "fd00:ec2::254",
        "metadata.google.internal",
        "100.100.100.200",
        "168.63.129.16",
    ],
)
def test_addresses_of_machine_metadata_are_never_called(host):
    assert is_metadata(host)
    url = f"http://[{host}]/v1" if ":" in host else f"http://{host}./v1"
    with pytest.raises(EndpointRefused, match="metadata"):
        EndpointRules(hosts=(host,)).require(inference(base_url=url), None)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.0.0.1", "::1", "gpu.local", "1", "169.253.1.1", "a.169.254.169.254", "a\x00b"]
)
def test_other_addresses_are_no_metadata(host):
    assert not is_metadata(host)


def test_remote_code_needs_the_operators_word():
    config = inference("hf", trust_remote_code=True)
    with pytest.raises(RemoteCodeRefused):
        EndpointRules().require(config, None)
    EndpointRules(allow_remote_code=True).require(config, None)
