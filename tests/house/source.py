"""The files that the rules read: the real tree, or a small bad one made up by a test."""

import ast
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]

PRODUCT = ("ingest", "metering", "billing", "api", "analytics", "sql")
"""The houses of the product. Beside them stands tests/, which follows the rules of size only."""

SKIPPED = {".git", ".venv", "__pycache__", "build", "data"}
"""Folders that are nobody's source, for a tree that did not come from git."""


class Module:
    """One Python file of ours, by its dotted name. A package goes by its own name."""

    def __init__(self, path: str, text: str) -> None:
        parts = path.removesuffix(".py").split("/")
        self.is_package = parts[-1] == "__init__"
        self.name = ".".join(parts[:-1] if self.is_package else parts)
        self.path = path
        self.text = text

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, self.path)

    def at(self, node: ast.AST | int, said: str) -> str:
        """Return one complaint, with the place it is about."""
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        return f"{self.path}:{line}: {said}"

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree."""
        return list(ast.walk(self.tree))

    @cached_property
    def docstrings(self) -> list[ast.Constant]:
        """Every string that stands alone: docstrings, also of constants and fields."""
        return [
            node.value
            for node in self.nodes
            if isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ]


class House:
    """A tree of files, path to text, the modules among them, and what is not text."""

    def __init__(self, files: Mapping[str, str], data: Sequence[str] = ()) -> None:
        self.files = dict(files)
        self.data = data
        code = [Module(path, text) for path, text in files.items() if path.endswith(".py")]
        self.all = {module.name: module for module in code}
        self._imported: dict[str, list[tuple[int, str]]] = {}
        self._used: dict[str, list[tuple[int, str]]] = {}
        self.modules = {n: m for n, m in self.all.items() if n.split(".")[0] in PRODUCT}

    def imports(self, module: Module) -> list[tuple[int, str]]:
        """Return line and whole name of each import: a module of ours, or whatever a stranger is.

        Imports inside functions and under TYPE_CHECKING count: a ring with a hidden link is one.
        """
        if module.name not in self._imported:
            self._imported[module.name] = list(dict.fromkeys(self._imports(module)))
        return self._imported[module.name]

    def _imports(self, module: Module) -> Iterator[tuple[int, str]]:
        for node in module.nodes:
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                home = _home(module, node)
                for alias in node.names:
                    whole = f"{home}.{alias.name}"
                    ours = home.split(".")[0] in PRODUCT
                    yield node.lineno, home if ours and whole not in self.all else whole
            elif isinstance(node, ast.Call) and (
                ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__")
            ):
                named = node.args[0] if node.args else None
                if isinstance(named, ast.Constant) and isinstance(named.value, str):
                    yield node.lineno, named.value

    def uses(self, module: Module) -> list[tuple[int, str]]:
        """Return each use of an imported name, written out: `dt.now` as `datetime.datetime.now`."""
        if module.name not in self._used:
            self._used[module.name] = list(dict.fromkeys(self._uses(module)))
        return self._used[module.name]

    def _uses(self, module: Module) -> Iterator[tuple[int, str]]:
        known: dict[str, str] = {}
        for node in module.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.split(".")[0]
                    known |= {alias.asname: alias.name} if alias.asname else {top: top}
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    known[alias.asname or alias.name] = f"{_home(module, node)}.{alias.name}"
        for node in module.nodes:
            if isinstance(node, ast.Attribute | ast.Name):
                chain = _chain(node)
                if chain and chain[0] in known:
                    yield node.lineno, ".".join([known[chain[0]], *chain[1:]])


def _home(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    above = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*above, *([node.module] if node.module else [])])


def _chain(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute) and (head := _chain(node.value)):
        return [*head, node.attr]
    return []


def within(name: str, place: str) -> bool:
    """Whether a dotted name is a place, or inside it."""
    return f"{name}.".startswith(f"{place}.")


def paths(root: Path = ROOT) -> list[str]:
    """Return the path of each file that is, or would be, committed."""
    asked = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        named = set(listed.stdout.split("\0")) - {""}
        return sorted(path for path in named if (root / path).is_file())
    found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if not SKIPPED & set(path.parts))


@cache
def house() -> House:
    """Return the real tree, without what is not text."""
    read: dict[str, str] = {}
    data = []
    for path in paths():
        try:
            read[path] = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            data.append(path)
    return House(read, data)
