"""Finding departments: by code, and by what they are to a place (`@township`, `@police-station` …)."""

from __future__ import annotations

from collections.abc import Iterable

from shared.district.parties import Department, DepartmentKind

_SERVING = {
    "@township": (DepartmentKind.TOWNSHIP, DepartmentKind.COMMITTEE),
    "@police-station": (DepartmentKind.POLICE_STATION,),
}


class DepartmentIndex:
    """The departments by code, township and community; where several serve a place, the first listed."""

    def __init__(self, departments: Iterable[Department]) -> None:
        self._by_code: dict[str, Department] = {}
        self._by_area: dict[tuple[str, str], str] = {}
        self._by_community: dict[str, str] = {}
        self._centre: str | None = None
        for one in departments:
            self._add(one)

    def _add(self, one: Department) -> None:
        self._by_code[one.code] = one
        if one.kind is DepartmentKind.CENTRE and self._centre is None:
            self._centre = one.code
        if one.community:
            self._by_community.setdefault(one.community, one.code)
        for ref, kinds in _SERVING.items():
            for area in one.areas if one.kind in kinds else ():
                self._by_area.setdefault((ref, area), one.code)

    def get(self, code: str) -> Department | None:
        """Return the department under that code."""
        return self._by_code.get(code)

    @property
    def centre(self) -> str | None:
        """The code of the governance centre (综治中心)."""
        return self._centre

    def resolve(self, ref: str, township: str | None = None, community: str | None = None) -> str | None:
        """Return the code that a reference means at a place, or None where nobody serves it.

        `@community` is the community's own department where there is one, else its township.
        """
        if not ref.startswith("@"):
            return ref if ref in self._by_code else None
        if ref == "@centre":
            return self._centre
        if ref == "@community":
            own = self._by_community.get(community or "")
            return own or self.resolve("@township", township)
        return self._by_area.get((ref, township or ""))
