"""`python -m api.proto`: write the .proto files.

`--check` says which are stale, `--lint` has buf read them, and `--breaking FOLDER` has it compare
them with those of an earlier release.
"""

import sys
from pathlib import Path

from api.proto.generate import breaking, generate, lint, stale, write
from api.proto.pool import ROOT
from api.rpc import Api
from api.services import SERVICES


def main() -> int:
    """Do what the arguments say, and return the exit code."""
    if "--lint" in sys.argv:
        return lint()
    if "--breaking" in sys.argv:
        return breaking(Path(sys.argv[sys.argv.index("--breaking") + 1]))
    texts = generate(Api(SERVICES))
    if "--check" not in sys.argv:
        write(texts)
        return 0
    for path in (wrong := stale(texts)):
        sys.stderr.write(f"stale: {path.relative_to(ROOT)}: run `python -m api.proto`\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
