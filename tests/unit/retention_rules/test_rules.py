import pytest

from touchstone.domains.families.model import FamilyName
from touchstone.domains.keeping.model import KeepingRule
from touchstone.domains.retention_rules.model import RetentionKind, RuleRefused
from touchstone.domains.retention_rules.schemas import RetentionRule
from touchstone.domains.retention_rules.service import keeping_rules, require_consistent, shortest

JOBS, EXECUTIONS = RetentionKind.JOBS, RetentionKind.TEST_EXECUTIONS


def test_the_shortest_time_is_that_of_rules_that_end() -> None:
    assert shortest([]) is None
    assert shortest([KeepingRule()]) is None
    assert shortest([KeepingRule(kept_days=9), KeepingRule(family="snap"), KeepingRule(kept_days=4)]) == 4


def test_a_kind_is_met_by_its_own_rules() -> None:
    rules = [RetentionRule(kind=JOBS, kept_days=3), RetentionRule(kind=EXECUTIONS, family=FamilyName.SNAP)]
    assert keeping_rules(rules, JOBS) == [KeepingRule(kept_days=3)]
    assert keeping_rules(rules, EXECUTIONS) == [KeepingRule(family="snap")]


def test_the_rule_that_stands_there_twice_is_named() -> None:
    rules = [RetentionRule(kind=JOBS, kept_days=3), RetentionRule(kind=EXECUTIONS), RetentionRule(kind=JOBS)]
    with pytest.raises(RuleRefused) as caught:
        require_consistent(rules)
    assert caught.value.location == ("body", "rules", 2)
