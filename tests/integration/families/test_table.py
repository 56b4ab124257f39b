"""The families as data, held against the tables that keep them."""

import re

import pytest

from touchstone.database.executor import Database
from touchstone.domains.artefacts.repository import LISTED
from touchstone.domains.families.model import FAMILIES, FAMILY, Family, StageName

families = pytest.mark.parametrize("family", FAMILY.values(), ids=lambda family: family.name.value)


async def test_the_table_takes_exactly_the_families_that_there_are(database: Database) -> None:
    definition = await database.fetch_value(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = 'artefact_family_known'"
    )
    assert re.findall(r"'(\w+)'", definition) == list(FAMILIES)


async def test_no_unique_index_is_of_a_family_that_is_not_there(database: Database) -> None:
    indexes = await database.fetch_value(
        """
        select array_agg(indexrelid::regclass::text) from pg_index
        where indrelid = 'artefact'::regclass and indisunique and indpred is not null
        """
    )
    assert sorted(indexes) == sorted(f"artefact_{family}_key" for family in FAMILIES)


@families
async def test_the_identity_of_a_family_is_its_unique_index(database: Database, family: Family) -> None:
    columns, condition = await database.fetch_value(
        """
        select json_build_array(array(
            select attname from unnest(indkey) with ordinality as keyed (number, place)
                join pg_attribute on attrelid = indrelid and attnum = number order by place
        ), pg_get_expr(indpred, indrelid)) from pg_index where indexrelid = $1::text::regclass
        """,
        f"artefact_{family.name}_key",
    )
    assert columns == list(family.identity)
    assert condition == f"(family = '{family.name}'::text)"


@families
async def test_what_a_family_names_is_a_column(database: Database, family: Family) -> None:
    columns = await database.fetch_value(
        "select array_agg(attname) from pg_attribute where attrelid = 'artefact'::regclass and attnum > 0"
    )
    asked = {field.name for field in family.fields if field.kind != "revision"}
    assert {*asked, *family.identity, *(family.newest_by or ())} <= set(columns)


@families
def test_the_listing_groups_by_every_column_that_a_family_names(family: Family) -> None:
    grouped = {"name", *re.findall(r"case when '(\w+)' = any \(newest_by\) then artefact.\1 end", LISTED)}
    assert set(family.newest_by or ()) <= grouped
    assert family.newest_by is None or "name" in family.newest_by


def test_every_stage_is_of_some_family() -> None:
    assert {stage for family in FAMILY.values() for stage in family.stages} == set(StageName)
