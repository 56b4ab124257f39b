"""What follows when a team is given rules."""

from touchstone.domains.artefact_matching_rules.model import Rule
from touchstone.domains.artefact_matching_rules.schemas import GivenRule
from touchstone.domains.artefact_matching_rules.sharing import sharing
from touchstone.domains.families.model import FAMILIES, FamilyName
from touchstone.domains.permissions.model import Permission

OURS, OTHERS = 1, 2
ARTEFACT, RERUN = Permission.CHANGE_ARTEFACT, Permission.CHANGE_RERUN


def stored(rule_id, *granted, teams=(OURS,), family=FamilyName.SNAP, **fields):
    return Rule(id=rule_id, family=family, grant_permissions=[*map(str, granted)], team_ids=[*teams], **fields)


def given(*granted, family=FamilyName.SNAP, **fields):
    return GivenRule(family=family, grant_permissions=[*granted], **fields)


def test_the_same_rules_change_nothing():
    plan = sharing(OURS, [given(ARTEFACT)], [stored(7, ARTEFACT)], FAMILIES)
    assert not plan.changes_anything and not plan.rights and not plan.touched


def test_less_of_the_same_rule_takes_nothing_away():
    assert not sharing(OURS, [given()], [stored(7, ARTEFACT)], FAMILIES).changes_anything


def test_a_new_rule_gives_what_it_grants():
    plan = sharing(OURS, [given(ARTEFACT), given(RERUN), given(name="core")], [], FAMILIES)
    assert [rule.name for rule in plan.new] == ["", "core"]
    assert (plan.rights, plan.touched) == ({ARTEFACT}, {OURS})


def test_a_rule_without_grants_touches_no_rights():
    plan = sharing(OURS, [given()], [stored(7, name="core")], FAMILIES)
    assert plan.changes_anything and not plan.rights and not plan.touched


def test_a_rule_of_others_that_grows_touches_their_rights_too():
    plan = sharing(OURS, [given(RERUN)], [stored(7, ARTEFACT, teams=[OTHERS])], FAMILIES)
    assert plan.grown == {7: [ARTEFACT, RERUN]} and plan.joined == [7]
    assert (plan.rights, plan.touched) == ({ARTEFACT, RERUN}, {OURS, OTHERS})


def test_a_rule_of_others_that_is_joined_gives_what_it_grants():
    plan = sharing(OURS, [given()], [stored(7, ARTEFACT, teams=[OTHERS])], FAMILIES)
    assert (plan.grown, plan.joined, plan.rights, plan.touched) == ({}, [7], {ARTEFACT}, {OURS})


def test_a_rule_that_is_left_touches_what_it_granted():
    plan = sharing(OURS, [], [stored(7, ARTEFACT), stored(8, name="core")], FAMILIES)
    assert [rule.id for rule in plan.left] == [7, 8]
    assert (plan.rights, plan.touched) == (set(), {OURS})


def test_rules_of_families_that_are_not_shown_stay():
    hidden = stored(7, family=FamilyName.MODEL)
    assert not sharing(OURS, [], [hidden], ("snap",)).changes_anything
