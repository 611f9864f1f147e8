"""Field numbers never change: the committed .proto files are where they are remembered."""

import re
from collections import defaultdict
from pathlib import Path

_FIELD = re.compile(r"(?:optional )?((?:repeated )?[\w.]+|map<[\w., ]+>) (\w+) = (\d+)[ ;\[]")
_VALUE = re.compile(r"()(\w+) = (\d+);")
_RESERVED = re.compile(r"reserved (.*);")


class Stale(RuntimeError):
    """The types and the .proto files differ: the files must be written again."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: run `python -m api.proto`")


class Numbers:
    """Numbers in use and numbers retired, by the full name of a message or enum."""

    def __init__(self, *, frozen: bool = False) -> None:
        self.frozen = frozen
        self.used: dict[str, dict[str, tuple[int, str]]] = defaultdict(dict)
        self.retired: dict[str, set[int]] = defaultdict(set)
        self.names: dict[str, set[str]] = defaultdict(set)

    @classmethod
    def read(cls, folder: Path, *, frozen: bool = False) -> "Numbers":
        """Read the numbers of all .proto files in a folder."""
        numbers = cls(frozen=frozen)
        for path in sorted(folder.glob("*.proto")):
            numbers.parse(path.read_text())
        return numbers

    def parse(self, text: str) -> None:
        """Read the numbers of one .proto file, as `text.proto_text` writes it."""
        package = ""
        scope: list[tuple[str, str]] = []
        for line in map(str.strip, text.splitlines()):
            if line.startswith("//"):
                continue
            if line.startswith("package "):
                package = line[8:-1]
            elif line.endswith("{"):
                word, name, *_ = [*line.split(), ""]
                scope.append((word, name))
            elif line in ("}", "};"):
                scope.pop()
            elif scope:
                self._line(package, scope, line)

    def _line(self, package: str, scope: list[tuple[str, str]], line: str) -> None:
        kind = scope[-1][0]
        if kind not in ("message", "enum", "oneof"):
            return
        owner = ".".join([package, *(name for word, name in scope if word in ("message", "enum"))])
        if found := (_VALUE if kind == "enum" else _FIELD).match(line):
            self.used[owner][found[2]] = (int(found[3]), found[1])
        elif found := _RESERVED.match(line):
            for item in found[1].split(", "):
                if item.startswith('"'):
                    self.names[owner].add(item.strip('"'))
                else:
                    self.retired[owner].add(int(item))

    def field(self, owner: str, name: str, signature: str, first: int = 1) -> int:
        """Return the number a field has always had, else the next that was never used.

        Raises: Stale, if numbers are frozen and the field has none.
        """
        used = self.used[owner]
        if name in used:
            number, before = used[name]
            if before == signature:
                return number
            self.retired[owner].add(number)  # another type is another field
            del used[name]
        if self.frozen:
            raise Stale(f"{owner}.{name} is not in the .proto files")
        taken = {number for number, _ in used.values()} | self.retired[owner] | {first - 1}
        used[name] = (max(taken) + 1, signature)
        self.names[owner].discard(name)
        return used[name][0]

    def reserved(self, owner: str, present: list[str]) -> tuple[list[int], list[str]]:
        """Return the numbers and names that `owner` once used and no longer has.

        Raises: Stale, if numbers are frozen and something is newly gone.
        """
        gone = {name: used for name, used in self.used[owner].items() if name not in present}
        if self.frozen and gone:
            raise Stale(f"{owner} no longer has {', '.join(gone)}")
        for name, (number, _) in gone.items():
            del self.used[owner][name]
            self.retired[owner].add(number)
            self.names[owner].add(name)
        return sorted(self.retired[owner]), sorted(self.names[owner])
