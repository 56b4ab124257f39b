"""Requests that start a test: one struct for each family, made of its entry in `families.model.FAMILY`."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Union, cast

import msgspec
from msgspec import Meta

from touchstone.domains.families.model import FAMILY, Family, FamilyName, Field
from touchstone.domains.shapes.executions import TestExecutionStatus
from touchstone.domains.test_executions.schemas import CiLink, TestExecutionRelevantLinkCreate
from touchstone.http.decoding.urls import Url
from touchstone.http.row_ids import RowId


def _real_version(version: str) -> str:
    """Runners that do not know the version send these."""
    if version in ("", "null"):
        raise ValueError(f"'{version}' is no version")
    return version


Text = Annotated[str, Meta(max_length=200)]
Version = Annotated[str, Meta(max_length=2000, extra={"check": _real_version})]

_KINDS: dict[str, Any] = {"text": Text, "revision": RowId, "url": Url}


class StartTest(msgspec.Struct, kw_only=True):
    """What they have in common; `name`, `version`, `arch` and `execution_stage` are required where the family does not
    find its artefacts by something else."""

    name: Text | None = None
    version: Version | None = None
    arch: Text | None = None
    execution_stage: str | None = None
    environment: Text
    ci_link: CiLink | None = None
    test_plan: Text
    initial_status: TestExecutionStatus = TestExecutionStatus.IN_PROGRESS
    relevant_links: list[TestExecutionRelevantLinkCreate] = []
    needs_assignment: bool = False

    @property
    def family(self) -> Family:
        return FAMILY[FamilyName(cast("str", type(self).__struct_config__.tag))]

    def __post_init__(self) -> None:
        if not self.family.is_stage_required:
            source: str = getattr(self, "source", "")
            if not source and not self.execution_stage:
                raise ValueError("Received no source or execution_stage")
            if source and self.execution_stage:
                raise ValueError("Received both source and execution_stage")


def _fields(family: Family) -> Iterator[tuple[str, Any] | tuple[str, Any, Any]]:
    if not family.is_found_by_identity_alone:
        yield from (("name", Text), ("version", Version), ("arch", Text))
    yield from (_field(field, family) for field in family.fields)
    words = {one.name: one.value for one in family.stages} | ({} if family.is_stage_required else {"NONE": ""})
    stage: Any = StrEnum(f"{family.name.capitalize()}Stage", words, module=__name__)
    if family.is_found_by_identity_alone:
        yield "execution_stage", stage | None, None
    elif family.is_stage_required:
        yield "execution_stage", stage
    else:
        yield "execution_stage", stage, ""


def _field(field: Field, family: Family) -> tuple[str, Any] | tuple[str, Any, Any]:
    kind = _KINDS[field.kind]
    if field.is_required:
        return field.name, kind
    return (field.name, kind | None, None) if family.is_found_by_identity_alone else (field.name, kind, "")


def _request(family: Family) -> type[StartTest]:
    return cast(
        "type[StartTest]",
        msgspec.defstruct(
            f"Start{family.name.capitalize()}TestExecutionRequest",
            list(_fields(family)),
            bases=(StartTest,),
            module=__name__,
            tag_field="family",
            tag=family.name.value,
            kw_only=True,
        ),
    )


REQUESTS: dict[FamilyName, type[StartTest]] = {name: _request(family) for name, family in FAMILY.items()}

StartRequest: Any = Union[tuple(REQUESTS.values())]  # noqa: UP007
"""Told apart by `family`."""
