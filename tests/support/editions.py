"""The versions of a district's profile that were applied, for services' cores in memory."""

from __future__ import annotations

from shared.district.lookup import DirectoryIndex
from shared.district.model import Profile


class Editions:
    """What every service's cache answers from: the newest, and each that a case was opened under."""

    def __init__(self, profile: Profile) -> None:
        self.newest = DirectoryIndex(profile)
        self._versions = {profile.version: self.newest}

    def apply(self, profile: Profile) -> None:
        """Put a newer version in force."""
        self.newest = self._versions[profile.version] = DirectoryIndex(profile)

    def at(self, district: str, version: int) -> DirectoryIndex:
        """Return a version."""
        del district
        return self._versions[version]

    def current(self, district: str) -> DirectoryIndex:
        """Return the newest."""
        del district
        return self.newest
