"""Rules about what a file may say, and how much of it."""

import ast
import re
from collections.abc import Iterator

from tests.house import plan
from tests.house.source import House, Module, within

LATER = re.compile(r"\b(TO[D]O|FIX[M]E|HAC[K])\b")

STATEMENT = re.compile(
    r"\s*(select\b.+\bfrom\b|with \w+ as \(|insert into\b|update \w+ set\b|delete from\b"
    r"|copy \w+ (from|to)\b|(create|alter|drop|truncate) (or replace )?(table|view|index)\b)",
    re.IGNORECASE | re.DOTALL,
)
"""What a statement looks like from its first words."""

HEADER = ("name", "dialect", "about", "returns")
"""What the comment at the top of a statement says, at least."""

FLOATING_SQL = re.compile(r"\b(float\d*|double|real|toFloat\w*|BFloat16)\b", re.IGNORECASE)
CLOCK_SQL = re.compile(r"\b(now\w*\(|today\(|current_(timestamp|date|time)\b)", re.IGNORECASE)

Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def files_fit_the_eye(house: House) -> Iterator[str]:
    """At most 400 lines in a file of code. A migration is a record, and as long as it is."""
    for path, text in house.files.items():
        lines = text.count("\n")
        code = path.endswith((".py", ".sql")) and not path.startswith("sql/ledger/versions/")
        if code and lines > plan.LINES_PER_FILE:
            yield (
                f"{path}: {lines} lines, {plan.LINES_PER_FILE} at most; make it a package of the"
                " same name, one file per noun or verb"
            )


def functions_fit_the_eye(house: House) -> Iterator[str]:
    """At most 60 lines in a function."""
    for module in house.all.values():
        if within(module.name, "sql.ledger.versions"):
            continue
        for node in module.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > plan.LINES_PER_FUNCTION:
                    most = f"{lines} lines, {plan.LINES_PER_FUNCTION} at most"
                    yield module.at(node, f"{node.name} has {most}; name its parts")


def everything_public_says_what_it_is_for(house: House) -> Iterator[str]:
    """A docstring on every module, and on each public class, function and method of the product."""
    for module in house.all.values():
        if module.tree.body and not ast.get_docstring(module.tree):
            yield module.at(1, "say in one sentence what this file is for")
        for name, node in _public(module):
            ours = module.name in house.modules or node.name.startswith("test_")
            if ours and not ast.get_docstring(node):
                yield module.at(node, f"{name} says nothing; give it a sentence")


def nothing_is_left_for_later(house: House) -> Iterator[str]:
    """What is to be done is an issue, or is done."""
    for path, text in house.files.items():
        for line, said in enumerate(text.splitlines(), 1):
            if found := LATER.search(said):
                yield f"{path}:{line}: {found[0]}: do it now, or file an issue and say nothing here"


def nothing_floats_between_event_and_invoice(house: House) -> Iterator[str]:
    """0.1 + 0.2 is 0.3 here."""
    for module in _in(house, plan.FLOATLESS):
        for node in module.nodes:
            name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
            if name in ("float", "Float32", "Float64", "fdiv"):
                yield module.at(node, f"{name}: use Decimal, or AMOUNT in a frame")
            if isinstance(node, ast.Constant) and isinstance(node.value, float):
                yield module.at(node, f"{node.value}: write Decimal({str(node.value)!r})")
    for path, line, said in _statements(house):
        if found := FLOATING_SQL.search(said):
            yield f"{path}:{line}: {found[0]}: cast to Decimal(38, 12)"


def no_loops_over_events_or_lines(house: House) -> Iterator[str]:
    """Columns stay columns: a loop over them takes a hundred times as long."""
    rules = [m for m in _in(house, ("billing",)) if m.name.split(".")[2:3] == ["rules"]]
    for module in [*_in(house, plan.COLUMNAR), *rules]:
        banned = (*plan.LOOPS, "apply") if module not in rules else plan.LOOPS
        for node in module.nodes:
            if isinstance(node, ast.Attribute) and node.attr in banned:
                yield module.at(node, f"{node.attr} makes rows; say it in expressions of columns")


def time_is_told_not_read(house: House) -> Iterator[str]:
    """Verbs take work.now; only the edge looks at the clock."""
    for module in house.modules.values():
        if not any(within(module.name, place) for place in plan.CLOCK_READERS):
            for line, used in house.uses(module):
                if any(within(used, clock) for clock in plan.CLOCKS):
                    yield module.at(line, f"{used} reads the clock; use work.now, or take `now`")
    for path, line, said in _statements(house):
        if found := CLOCK_SQL.search(said):
            yield f"{path}:{line}: {found[0]} reads the clock; bind the instant as a parameter"


def settings_are_read_in_one_place(house: House) -> Iterator[str]:
    """The environment belongs to api/settings.py; everyone else is handed what it needs."""
    for module in house.modules.values():
        if module.name in plan.ENVIRONMENT_READERS:
            continue
        for line, used in house.uses(module):
            if any(within(used, name) for name in plan.ENVIRONMENT):
                yield module.at(line, f"{used}: add a setting to api/settings.py, and pass it on")


def sql_lives_in_files(house: House) -> Iterator[str]:
    """A statement in Python can be neither read by an analyst nor checked against the engine."""
    for module in house.modules.values():
        if within(module.name, "sql"):
            continue
        for node, text in _strings(module):
            if STATEMENT.match(text):
                yield module.at(node, "a statement; move it to sql/<dialect>/, and load it there")


def statements_say_what_they_return(house: House) -> Iterator[str]:
    """Each statement of the warehouse has a header, and goes by the name of its file."""
    for path, text in house.files.items():
        if not path.endswith(".sql") or "/migrations/" in path:
            continue
        head = re.findall(r"^-- (\w+):", text, re.MULTILINE)
        missing = [name for name in HEADER if name not in head]
        if missing:
            yield f"{path}:1: the header does not say {', '.join(missing)}"
        named = re.search(r"^-- name:\s*(\S+)", text, re.MULTILINE)
        if named and named[1].split("/")[-1] != path.split("/")[-1].removesuffix(".sql"):
            yield f"{path}:1: it calls itself {named[1]}; a statement is called as its file"


def words_mean_one_thing(house: House) -> Iterator[str]:
    """The words of the table in house.md, and none that say nothing."""
    for module in house.modules.values():
        names = [(1, module.name.split(".")[-1])]
        names += [(n.lineno, n.name) for n in module.nodes if isinstance(n, ast.ClassDef)]
        for line, name in names:
            words = re.findall(r"[A-Z]?[a-z]+", name)
            if bad := next((w for w in words if w.lower() in plan.NEVER), None):
                yield module.at(line, f"{name}: {bad} has a better word; see the table of words")


def others_are_named_as_sources_only(house: House) -> Iterator[str]:
    """Whose behaviour we follow stands after `Source:` in a docstring."""
    others = re.compile("|".join(plan.OTHERS), re.IGNORECASE)
    for module in house.modules.values():
        sources: set[int] = set()
        for node in module.docstrings:
            at = node.value.find("Source:")  # type: ignore[union-attr]
            if at >= 0:
                first = node.lineno + node.value[:at].count("\n")  # type: ignore[union-attr,index]
                sources |= set(range(first, (node.end_lineno or first) + 1))
        for line, said in enumerate(module.text.splitlines(), 1):
            if line not in sources and (found := others.search(said)):
                yield module.at(line, f"{found[0]}: name it after `Source:` in the docstring")


def _public(module: Module) -> Iterator[tuple[str, Named]]:
    """Yield what others may use, by its whole name: not what begins with an underscore."""
    waiting: list[tuple[str, ast.stmt]] = [("", node) for node in module.tree.body]
    for inside, node in waiting:
        if isinstance(node, Named) and not node.name.startswith("_"):
            yield f"{inside}{node.name}", node
            if isinstance(node, ast.ClassDef):
                waiting += [(f"{inside}{node.name}.", part) for part in node.body]


def _strings(module: Module) -> Iterator[tuple[ast.expr, str]]:
    """Yield every string that is not a docstring, with `_` for what is filled in later."""
    docstrings = {id(node) for node in module.docstrings}
    for node in module.nodes:
        if isinstance(node, ast.JoinedStr):
            parts = [v.value if isinstance(v, ast.Constant) else "_" for v in node.values]
            yield node, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and id(node) not in docstrings:
            yield node, str(node.value)


def _statements(house: House) -> Iterator[tuple[str, int, str]]:
    """Yield each line of SQL, without its comment."""
    for path, text in house.files.items():
        if path.endswith(".sql"):
            for line, said in enumerate(text.splitlines(), 1):
                yield path, line, said.split("--")[0]


def _in(house: House, places: tuple[str, ...]) -> list[Module]:
    return [m for m in house.modules.values() if any(within(m.name, place) for place in places)]
