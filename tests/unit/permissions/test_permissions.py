"""Who is shown which words, and what he may give."""

import pytest

from touchstone.domains.permissions.granting import require_held, require_not_own
from touchstone.domains.permissions.model import (
    CONTRACT_PERMISSIONS,
    EVALUATION_PERMISSIONS,
    PERMISSIONS,
    OwnTeam,
    PermissionNotHeld,
    permissions_shown,
    replaced,
)
from touchstone.http.caller import SYSTEM, Caller, Principal

PLAIN, ASKING = Caller(), Caller(accepts_extensions=True)


def test_the_contracts_words_come_first():
    assert PERMISSIONS[: len(CONTRACT_PERMISSIONS)] == CONTRACT_PERMISSIONS
    assert (len(CONTRACT_PERMISSIONS), CONTRACT_PERMISSIONS[0], CONTRACT_PERMISSIONS[-1]) == (
        31,
        "view_user",
        "view_sentry_debug",
    )
    assert (len(EVALUATION_PERMISSIONS), EVALUATION_PERMISSIONS[0], EVALUATION_PERMISSIONS[-1]) == (
        12,
        "view_dataset",
        "change_gate",
    )


@pytest.mark.parametrize(
    ("caller", "named", "shown"),
    [
        (PLAIN, None, CONTRACT_PERMISSIONS),
        (PLAIN, ["view_user"], CONTRACT_PERMISSIONS),
        (PLAIN, ["view_user", "view_job"], PERMISSIONS),
        (ASKING, None, PERMISSIONS),
    ],
)
def test_words_of_ours_are_for_who_asks_or_names_one(caller, named, shown):
    assert permissions_shown(caller, named) == shown


@pytest.mark.parametrize(
    ("before", "given", "shown", "after"),
    [
        (["view_job", "view_user"], ["view_team"], CONTRACT_PERMISSIONS, ["view_team", "view_job"]),
        (["view_job", "view_user"], ["view_team"], PERMISSIONS, ["view_team"]),
        (["view_job"], [], CONTRACT_PERMISSIONS, []),
        (["view_user"], ["view_team", "view_team"], CONTRACT_PERMISSIONS, ["view_team", "view_team"]),
    ],
)
def test_words_that_were_not_shown_are_not_replaced(before, given, shown, after):
    assert replaced(before, given, shown) == after


def test_what_is_held_or_open_may_be_given():
    caller = Caller(
        Principal(user_id=1, permissions=frozenset({"view_user"})), open_permissions=frozenset({"view_job"})
    )
    require_held(caller, ["view_user", "view_job"])
    require_held(SYSTEM, PERMISSIONS)
    with pytest.raises(PermissionNotHeld, match=r"do not hold: change_user, view_team$"):
        require_held(caller, ["view_team", "view_user", "change_user", "view_team"])


def test_only_administrators_change_rights_of_teams_they_are_in():
    require_not_own(Caller(Principal(user_id=1, team_ids=frozenset({1, 2}))), [3])
    require_not_own(Caller(Principal(user_id=1, team_ids=frozenset({1, 2}), is_admin=True)), [1])
    with pytest.raises(OwnTeam):
        require_not_own(Caller(Principal(user_id=1, team_ids=frozenset({1, 2}))), [3, 2])
