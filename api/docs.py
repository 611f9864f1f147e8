"""What the source says under each field: `name: str`, then a string."""

import ast
import inspect
import sys
from functools import cache
from typing import Any


def field_docs(cls: type[Any]) -> dict[str, str]:
    """Return the docs of a class's fields, those it inherits included."""
    docs: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        docs |= _module(base.__module__).get(base.__qualname__, {})
    return docs


def class_doc(cls: type[Any]) -> str:
    """Return what a class says of itself, and not what it inherits."""
    doc = cls.__dict__.get("__doc__")
    return inspect.cleandoc(doc) if doc else ""


@cache
def _module(name: str) -> dict[str, dict[str, str]]:
    try:
        tree = ast.parse(inspect.getsource(sys.modules[name]))
    except (KeyError, OSError, TypeError):
        return {}
    return dict(_classes(tree.body, ""))


def _classes(body: list[ast.stmt], within: str) -> Any:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield within + node.name, _fields(node)
            yield from _classes(node.body, f"{within}{node.name}.")


def _fields(node: ast.ClassDef) -> dict[str, str]:
    found: dict[str, str] = {}
    for item, after in zip(node.body, node.body[1:], strict=False):
        match item:
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                match after:
                    case ast.Expr(value=ast.Constant(value=str(text))):
                        found[name] = inspect.cleandoc(text)
    return found
