"""What the service says about itself."""

from enum import StrEnum
from typing import Literal

import msgspec


class DeploymentType(StrEnum):
    LOCAL = "local"
    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


class HealthResponse(msgspec.Struct, frozen=True):
    """The contract's name, which generated clients have as a class."""

    status: Literal["OK"]
    deployment_type: DeploymentType


class Version(msgspec.Struct, frozen=True):
    version: str


class Root(msgspec.Struct, frozen=True):
    hello: str = msgspec.field(name="Hello", default="Lumigator!🐊")


class Dependency(msgspec.Struct, frozen=True):
    """One system that the service stands on, as the last check found it; `unknown` until the first has ended."""

    status: Literal["up", "down", "unknown"]
    detail: str | None = None
    latency_seconds: float | None = None
    age_seconds: float | None = None


class Dependencies(msgspec.Struct, frozen=True):
    """`degraded` as soon as one of them is not up."""

    status: Literal["up", "degraded"]
    dependencies: dict[str, Dependency]
