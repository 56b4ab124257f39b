"""Where an artefact stands, as those who publish it say. No network and no database: rules alone."""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from touchstone.adapters.package_archive import PackageIndex
from touchstone.adapters.snap_store import SnapRelease
from touchstone.domains.families.model import FAMILY, FamilyName

POCKETS = tuple(stage.value for stage in FAMILY[FamilyName.DEB].stages)
RISKS = tuple(stage.value for stage in FAMILY[FamilyName.SNAP].stages)


class PromotedBuild(msgspec.Struct, frozen=True):
    architecture: str
    revision: int | None


class PromotedArtefact(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked at, as it was read; `builds` are the latest of each architecture."""

    id: int
    promoted_by: Literal["snap store", "package archive"]
    name: str
    version: str
    stage: str
    track: str
    branch: str
    store: str
    series: str
    repo: str
    builds: list[PromotedBuild]

    @property
    def indexes(self) -> list[PackageIndex]:
        """All that may have it, the lowest pocket first."""
        architectures = dict.fromkeys(build.architecture for build in self.builds)
        return [
            PackageIndex(self.series, pocket, self.repo, architecture)
            for pocket in POCKETS
            for architecture in architectures
        ]


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """A change of an artefact whose stage was `was`; others' changes since then are not overwritten."""

    id: int
    was: str
    stage: str
    is_archived: bool = False


def snap_promotion(artefact: PromotedArtefact, releases: Iterable[SnapRelease]) -> Promotion | None:
    """The highest risk of its track to which one of its builds is released; None where nothing is to be changed.

    A build is its revision: versions are texts that several revisions may have. Where other revisions of the version
    are released, it stays where it is; when nothing has the version any more it is archived, but what is on a branch,
    which the store does not list.
    """
    same_track = [release for release in releases if release.track == artefact.track]
    released = [
        RISKS.index(release.risk)
        for release in same_track
        if release.risk in RISKS and any(_is_release(build, artefact.version, release) for build in artefact.builds)
    ]
    if released:
        return _moved(artefact, RISKS[max(released)])
    architectures = {build.architecture for build in artefact.builds}
    is_known = any(
        release.version == artefact.version and release.architecture in architectures for release in same_track
    )
    if is_known or artefact.branch or not artefact.builds:
        return None
    return Promotion(id=artefact.id, was=artefact.stage, stage=artefact.stage, is_archived=True)


def deb_promotion(artefact: PromotedArtefact, versions: Mapping[PackageIndex, tuple[str, ...]]) -> Promotion | None:
    """The highest pocket that has its version; `versions` are those of its name, by index.

    Archived when the archive has other versions and nowhere this one. Names that the archive does not know are ours.
    """
    found = [index.pocket for index in artefact.indexes if artefact.version in versions.get(index, ())]
    if found:
        return _moved(artefact, max(found, key=POCKETS.index))
    if not any(versions.get(index) for index in artefact.indexes):
        return None
    return Promotion(id=artefact.id, was=artefact.stage, stage=artefact.stage, is_archived=True)


def _is_release(build: PromotedBuild, version: str, release: SnapRelease) -> bool:
    if build.architecture != release.architecture:
        return False
    return release.version == version and build.revision in (None, release.revision)


def _moved(artefact: PromotedArtefact, stage: str) -> Promotion | None:
    return None if stage == artefact.stage else Promotion(id=artefact.id, was=artefact.stage, stage=stage)
