"""HTML as function calls: what is text is escaped, what is markup is not."""

from html import escape
from typing import Any

VOID = frozenset({"meta", "link", "br"})
"""Elements that have no end."""


class Html(str):
    """Markup, as it will be sent."""

    __slots__ = ()


def html(*parts: Any) -> Html:
    """Join parts: markup as it is, everything else as text; None is nothing."""
    return Html("".join(_one(part) for part in parts))


def _one(part: Any) -> str:
    if isinstance(part, Html):
        return part
    if isinstance(part, (list, tuple)):
        return html(*part)
    return "" if part is None else escape(str(part))


def tag(name: str, /, *inside: Any, **attributes: Any) -> Html:
    """Return an element; `class_` is class, and an attribute that is None is left out.

    >>> tag("a", "1 < 2", href="#x", class_=None)
    '<a href="#x">1 &lt; 2</a>'
    """
    said = "".join(
        f' {key.rstrip("_")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    end = "" if name in VOID else f"</{name}>"
    return Html(f"<{name}{said}>{html(*inside)}{end}")
