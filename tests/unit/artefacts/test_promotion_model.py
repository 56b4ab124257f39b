from typing import Any

import pytest

from touchstone.adapters.package_archive import PackageIndex
from touchstone.adapters.snap_store import SnapRelease
from touchstone.domains.artefacts.promotion_model import (
    PromotedArtefact,
    PromotedBuild,
    Promotion,
    deb_promotion,
    snap_promotion,
)


def snap(*builds: tuple[str, int | None], **fields: Any) -> PromotedArtefact:
    given = {"version": "16", "stage": "beta", "track": "latest", "branch": "", "store": "ubuntu", **fields}
    made = [PromotedBuild(*build) for build in builds or [("amd64", 7)]]
    return PromotedArtefact(id=1, promoted_by="snap store", name="core", series="", repo="", builds=made, **given)


def deb(*architectures: str, **fields: Any) -> PromotedArtefact:
    given = {"version": "6.8", "stage": "proposed", "series": "noble", "repo": "main", **fields}
    made = [PromotedBuild(architecture, None) for architecture in architectures or ["amd64"]]
    none = {"track": "", "branch": "", "store": ""}
    return PromotedArtefact(id=1, promoted_by="package archive", name="linux", builds=made, **none, **given)


def release(
    risk: str, revision: int = 7, version: str = "16", architecture: str = "amd64", track: str = "latest"
) -> SnapRelease:
    return SnapRelease(track, risk, architecture, version, revision)


def index(pocket: str, architecture: str = "amd64") -> PackageIndex:
    return PackageIndex("noble", pocket, "main", architecture)


def moved(was: str, stage: str) -> Promotion:
    return Promotion(id=1, was=was, stage=stage)


def archived(stage: str) -> Promotion:
    return Promotion(id=1, was=stage, stage=stage, is_archived=True)


@pytest.mark.parametrize(
    ("releases", "stage"),
    [(["edge", "stable", "candidate"], "stable"), (["candidate"], "candidate"), (["edge"], "edge")],
)
def test_a_snap_is_where_the_highest_risk_of_its_build_is(releases: list[str], stage: str) -> None:
    assert snap_promotion(snap(), [release(risk) for risk in releases]) == moved("beta", stage)


def test_a_snap_that_is_where_it_was_is_left() -> None:
    assert snap_promotion(snap(), [release("beta"), release("edge")]) is None


def test_another_revision_of_the_same_version_promotes_nothing() -> None:
    assert snap_promotion(snap(), [release("stable", revision=8), release("beta")]) is None
    assert snap_promotion(snap(), [release("stable", revision=8)]) is None


def test_a_build_without_a_revision_goes_by_its_version() -> None:
    assert snap_promotion(snap(("amd64", None)), [release("stable", 8)]) == moved("beta", "stable")


def test_any_architecture_of_a_snap_promotes_it_and_others_do_not() -> None:
    both = snap(("amd64", 7), ("arm64", 8))
    assert snap_promotion(both, [release("stable", 8, architecture="arm64")]) == moved("beta", "stable")
    assert snap_promotion(snap(), [release("stable", 7, architecture="arm64"), release("beta")]) is None


def test_other_tracks_do_not_count() -> None:
    assert snap_promotion(snap(), [release("stable", track="22"), release("beta")]) is None
    assert snap_promotion(snap(), [release("stable", track="22")]) == archived("beta")


def test_a_snap_whose_version_is_nowhere_any_more_is_archived() -> None:
    assert snap_promotion(snap(), [release("stable", 9, version="17")]) == archived("beta")
    assert snap_promotion(snap(), []) == archived("beta")


def test_what_is_on_a_branch_is_promoted_but_never_archived() -> None:
    assert snap_promotion(snap(branch="fix"), []) is None
    assert snap_promotion(snap(branch="fix"), [release("stable")]) == moved("beta", "stable")


def test_what_has_no_builds_or_risks_nobody_knows_is_left() -> None:
    nothing = snap()
    assert (
        snap_promotion(
            PromotedArtefact(**{**{f: getattr(nothing, f) for f in nothing.__struct_fields__}, "builds": []}), []
        )
        is None
    )
    assert snap_promotion(snap(), [release("lukewarm")]) is None


def test_a_package_is_in_the_highest_pocket_that_has_its_version() -> None:
    both = {index("proposed"): ("6.8",), index("updates"): ("6.8",)}
    assert deb_promotion(deb(), both) == moved("proposed", "updates")
    assert deb_promotion(deb(), {index("proposed"): ("6.8",), index("updates"): ("6.7",)}) is None
    assert deb_promotion(deb(stage="updates"), {index("proposed"): ("6.8",)}) == moved("updates", "proposed")


def test_one_architecture_is_enough_for_a_package() -> None:
    assert deb_promotion(deb("amd64", "arm64"), {index("updates", "arm64"): ("6.8",)}) == moved("proposed", "updates")


def test_a_package_whose_version_is_nowhere_is_archived_unless_the_archive_does_not_know_its_name() -> None:
    assert deb_promotion(deb(), {index("updates"): ("6.9",)}) == archived("proposed")
    assert deb_promotion(deb(), {index("updates"): (), index("proposed"): ()}) is None
    assert deb_promotion(deb(), {}) is None


def test_a_package_is_looked_for_in_each_pocket_of_each_architecture() -> None:
    assert deb("amd64", "riscv64", "amd64").indexes == [
        index("proposed"),
        index("proposed", "riscv64"),
        index("updates"),
        index("updates", "riscv64"),
    ]
