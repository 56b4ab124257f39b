"""What follows when a team is given a set of rules: teams with the same rule share one row and what it grants."""

import msgspec

from touchstone.domains.artefact_matching_rules.model import Key, Rule, key_of
from touchstone.domains.artefact_matching_rules.schemas import GivenRule


class Sharing(msgspec.Struct):
    """What has to be done so that the team has just these rules.

    `grown` are the grants of rules that gain some, `rights` all words that somebody gains by it, `touched` the teams
    whose rights change.
    """

    new: list[GivenRule] = []
    grown: dict[int, list[str]] = {}
    joined: list[int] = []
    left: list[Rule] = []
    rights: set[str] = set()
    touched: set[int] = set()

    @property
    def changes_anything(self) -> bool:
        return bool(self.new or self.grown or self.joined or self.left)


def sharing(team_id: int, given: list[GivenRule], found: list[Rule], families: tuple[str, ...]) -> Sharing:
    """`found` are the team's rules and those that equal a given one; rules of families that are not shown stay."""
    plan = Sharing()
    known = {key_of(rule): rule for rule in found}
    wanted = _without_repeats(given)
    for key, rule in wanted.items():
        if key in known:
            _share(plan, team_id, known[key], rule)
        else:
            plan.new.append(rule)
            _note(plan, {team_id}, [*rule.grant_permissions])
    for key, rule in known.items():
        if team_id in rule.team_ids and key not in wanted and rule.family in families:
            plan.left.append(rule)
            plan.touched |= {team_id} if rule.grant_permissions else set()
    return plan


def _share(plan: Sharing, team_id: int, rule: Rule, given: GivenRule) -> None:
    granted = rule.grant_permissions
    added = [str(word) for word in dict.fromkeys(given.grant_permissions) if word not in granted]
    if added:
        plan.grown[rule.id] = granted + added
        _note(plan, {team_id, *rule.team_ids}, added)
    if team_id not in rule.team_ids:
        plan.joined.append(rule.id)
        _note(plan, {team_id}, granted)


def _note(plan: Sharing, teams: set[int], words: list[str]) -> None:
    if words:
        plan.rights |= {str(word) for word in words}
        plan.touched |= teams


def _without_repeats(given: list[GivenRule]) -> dict[Key, GivenRule]:
    """The first of equal ones wins."""
    found: dict[Key, GivenRule] = {}
    for rule in given:
        found.setdefault(key_of(rule), rule)
    return found
