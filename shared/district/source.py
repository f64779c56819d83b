"""The raw content of a profile, put together from its files, with the line that each part came from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shared.district.csvfile import CsvFile
from shared.district.problems import Lines, Loc, Position, Problem
from shared.district.yamlfile import YamlFile

_SUFFIXES = frozenset({".yaml", ".yml", ".csv"})
_WHOLE = "district"
KEYS = ("code", "id", "key")


@dataclass
class Source:
    """What the files say, where they say it, and what could not be read at all."""

    data: dict[str, Any] = field(default_factory=dict)
    lines: Lines = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def position(self, loc: Loc) -> Position:
        """Return the line of a path, or of the nearest thing around it that has one."""
        for length in range(len(loc), -1, -1):
            if loc[:length] in self.lines:
                return self.lines[loc[:length]]
        return Position("profile")

    def complain(self, position: Position, message: str) -> None:
        """Note something that is wrong."""
        self.problems.append(Problem(position, message))

    def append(self, section: str, item: Any, lines: Lines) -> None:
        """Add an entry to a section that is a list; it goes on where another file left off."""
        entries = self.data.setdefault(section, [])
        self.lines.update({(section, len(entries), *loc): at for loc, at in lines.items()})
        entries.append(item)

    def put(self, section: str, value: Any, lines: Lines) -> None:
        """Put a section in place; a list is added to, anything else may be said only once."""
        if isinstance(value, list) and isinstance(self.data.get(section, []), list):
            inside = _by_first(lines)
            for n, item in enumerate(value):
                self.append(section, item, inside[n])
            self.lines.setdefault((section,), lines[()])
        elif section in self.data:
            self.complain(lines[()], f"'{section}' is already given at {self.position((section,))}")
        else:
            self.data[section] = value
            self.lines.update({(section, *loc): at for loc, at in lines.items()})

    def put_pair(self, section: str, path: tuple[str, ...], value: str, at: Position) -> None:
        """Put one value into a section that is a mapping."""
        inner = self.data.setdefault(section, {})
        for part in path[:-1]:
            inner = inner.setdefault(part, {}) if isinstance(inner, dict) else None
        if not isinstance(inner, dict):
            self.complain(at, f"'{section}' is not a table at {self.position((section, *path))}")
            return
        if path[-1] in inner:
            self.complain(at, f"'{path[-1]}' is already given at {self.position((section, *path))}")
            return
        inner[path[-1]] = value
        self.lines[(section, *path)] = at

    def fall_back(self, section: str, value: Any, lines: Lines) -> None:
        """Add what an included section says on top of what the profile says itself."""
        if isinstance(value, list) and isinstance(self.data.setdefault(section, []), list):
            own = set(map(key_of, self.data[section])) - {None}
            inside = _by_first(lines)
            for n, item in enumerate(value):
                if key_of(item) not in own:
                    self.append(section, item, inside[n])
        elif isinstance(value, dict) and isinstance(self.data.setdefault(section, {}), dict):
            for name in [name for name in value if name not in self.data[section]]:
                self.data[section][name] = value[name]
                self.lines.update({(section, *loc): at for loc, at in lines.items() if loc[:1] == (name,)})
        else:
            self.data.setdefault(section, value)


def key_of(entry: Any) -> str | None:
    """Return the code, id or key of an entry as it is written."""
    found = [entry[key] for key in KEYS if key in entry] if isinstance(entry, dict) else []
    return str(found[0]) if found else None


def _by_first(lines: Lines) -> defaultdict[int | str, Lines]:
    """Return the lines of what lies under each key, with paths relative to it."""
    inside: defaultdict[int | str, Lines] = defaultdict(dict)
    for loc, at in lines.items():
        if loc:
            inside[loc[0]][loc[1:]] = at
    return inside


def read(path: Path, fields: dict[str, frozenset[str]]) -> Source:
    """Read a profile from a directory of YAML and CSV files, or from one YAML file.

    `fields` are the sections there are; for those that are lists, with the fields of an entry. `include` names further
    directories; of their entries those are taken that the profile does not give itself under the same code.
    """
    source = Source()
    if path.is_dir():
        _read_directory(source, path, "", fields)
        source.lines.setdefault((), Position("district.yaml"))
    else:
        _read(source, path, path.name, _WHOLE, fields)
    includes = source.data.pop("include", [])
    for name in includes if isinstance(includes, list) else [includes]:
        _include(source, (path if path.is_dir() else path.parent) / str(name), f"{name}/", fields)
    return source


def _include(source: Source, folder: Path, prefix: str, fields: dict[str, frozenset[str]]) -> None:
    if not folder.is_dir():
        source.complain(source.position(("include",)), f"include: there is no directory '{prefix}' beside the profile")
        return
    included = Source()
    _read_directory(included, folder, prefix, fields)
    source.problems += included.problems
    inside = _by_first(included.lines)
    for section, value in included.data.items():
        source.fall_back(section, value, inside[section])


def _read_directory(source: Source, folder: Path, prefix: str, fields: dict[str, frozenset[str]]) -> None:
    files = [one for one in folder.iterdir() if one.suffix in _SUFFIXES]
    for file in sorted(files, key=lambda one: (one.stem != _WHOLE, one.name)):
        _read(source, file, prefix + file.name, file.name.split(".")[0], fields)


def _read(source: Source, file: Path, shown: str, section: str, fields: dict[str, frozenset[str]]) -> None:
    if section != _WHOLE and section not in fields:
        source.complain(Position(shown), f"'{section}' is not a section; a file is named after one, e.g. grids.csv")
        return
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        source.complain(Position(shown), f"cannot be read as UTF-8 text: {error}")
        return
    if file.suffix == ".csv":
        _read_csv(source, CsvFile(shown, text), section, fields)
    else:
        _read_yaml(source, YamlFile(shown, text), section)


def _read_csv(source: Source, file: CsvFile, section: str, fields: dict[str, frozenset[str]]) -> None:
    if fields.get(section):
        for item, lines in file.entries(fields[section]):
            source.append(section, item, lines)
    else:
        for path, value, at in file.pairs():
            source.put_pair(section, path, value, at)
    source.problems += file.problems


def _read_yaml(source: Source, file: YamlFile, section: str) -> None:
    source.problems += file.problems
    if file.value is None:
        return
    if section != _WHOLE:
        source.put(section, file.value, file.lines)
    elif isinstance(file.value, dict):
        source.lines[()] = file.lines[()]
        inside = _by_first(file.lines)
        for name, part in file.value.items():
            source.put(name, part, inside[name])
    else:
        source.complain(file.lines[()], "must be a mapping of sections, e.g. 'code: \"620802\"'")
