"""Rules about every file that is committed, whatever language it is in."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.house.source import PRODUCT, House

TOP = {
    *PRODUCT, "tests", ".ci", "pyproject.toml", "docker-compose.yml", "README.md", "Makefile",
    "Dockerfile", ".dockerignore", ".gitignore", "requirements.lock",
}  # fmt: skip
"""All that may stand at the top: six houses, the tests, and what tools look for there."""

REGISTRIES = re.compile(
    # In halves, so that this file does not name what no file may name.
    r"py"
    r"pi[.](org|python)|python"
    r"hosted[.]org|npm"
    r"js[.](org|com)|yarn"
    r"pkg[.]com|deb"
    r"ian[.]org"
    r"|crates[.]io|golang[.]org|docker[.]io|ghcr[.]io|quay[.]io|conda[.](org|io)|maven[.]org"
    r"|rubygems[.]org|unpkg[.]com|jsdelivr[.]net|cloudflare[.]com",
    re.IGNORECASE,
)
"""Hosts that packages come from. Which one is used is the machine's business."""

MACHINE_PATHS = re.compile(
    r"(?<![\w./${-])/(work/(main|shared|\.library)|root|home/\w|Users/\w|mnt/\w|private/\w)(?![\w-])"
)
"""Places of one machine."""

STRANGERS = re.compile(
    r"(^|/)(vendor|vendored|third_party|thirdparty|node_modules|site-packages|google)/"
    r"|\.min\.(js|css)$|\.(woff2?|ttf|otf|eot|whl|jar|so|dll|exe|tgz|gz|zip|pyc)$"
    r"|_pb2(_grpc)?\.pyi?$|(^|/)uv\.lock$|(^|/)htmx[\w.-]*\.js$",
    re.IGNORECASE,
)
"""Paths of what others wrote, or of what a tool can make again."""

NOTICES = re.compile(r"SPDX[-]License|@licens[e]|Copyrigh[t] (\(c\)|©|\d)", re.IGNORECASE)
"""What a file says that was copied from somewhere."""

PACKAGE = re.compile(r"^package\s+(\S+);", re.MULTILINE)


def the_top_is_given(house: House) -> Iterator[str]:
    """No further folder or file at the top."""
    for name in sorted({PurePosixPath(path).parts[0] for path in house.files} - TOP):
        yield f"{name}: put it into one of {', '.join(sorted(PRODUCT))} or tests"


def no_registry_is_named(house: House) -> Iterator[str]:
    """The lock and the recipes name packages, never where they come from."""
    yield from _search(house, REGISTRIES, "name the package only; the machine knows its registry")


def no_machine_is_named(house: House) -> Iterator[str]:
    """No path that exists on one machine only."""
    yield from _search(house, MACHINE_PATHS, "take the path from a setting, or from __file__")


def nothing_is_copied_from_others(house: House) -> Iterator[str]:
    """Third-party files come from packages, at the version that the lock says."""
    for path, text in house.files.items():
        if STRANGERS.search(path):
            yield f"{path}: take it from its package when we set up, or make it then"
        package = PACKAGE.search(text) if path.endswith(".proto") else None
        if package and not package[1].startswith("invora."):
            yield f"{path}: {package[1]} is another's; compile against its package"
    yield from _search(house, NOTICES, "this was written by others; take it from its package")


def _search(house: House, banned: re.Pattern[str], way_out: str) -> Iterator[str]:
    for path, text in house.files.items():
        if banned.search(text):
            for line, said in enumerate(text.splitlines(), 1):
                if found := banned.search(said):
                    yield f"{path}:{line}: {found[0]}: {way_out}"
