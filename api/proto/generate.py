"""Writing, checking, compiling and linting the .proto files."""

import subprocess
import sys
import tempfile
from pathlib import Path

from api.proto.files import FOLDER
from api.proto.numbers import Numbers
from api.proto.pool import ROOT
from api.proto.schema import Schema
from api.proto.text import proto_text
from api.rpc import Api


def generate(api: Api, root: Path = ROOT) -> dict[Path, str]:
    """Return what each .proto file must say, by its path."""
    schema = Schema(api, Numbers.read(root / FOLDER))
    schema.made.ordered()
    return {root / name: proto_text(file, schema.comments) for name, file in schema.files.items()}


def stale(texts: dict[Path, str], root: Path = ROOT) -> list[Path]:
    """Return the files that say something else, or should not be there."""
    wrong = [path for path, text in texts.items() if not path.exists() or path.read_text() != text]
    return wrong + [path for path in (root / FOLDER).glob("*.proto") if path not in texts]


def write(texts: dict[Path, str], root: Path = ROOT) -> None:
    """Make the files say what they must."""
    for path in stale(texts, root):
        if path in texts:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(texts[path])
        else:
            path.unlink()


def compiled(into: Path, root: Path = ROOT, *options: str) -> Path:
    """Compile the files by protoc into a descriptor set, and return its path.

    Google's own files come from the packages that have them.
    """
    import google.api
    import grpc_tools  # type: ignore[import-untyped]

    includes = [
        root, Path(google.api.__path__[0]).parents[1], Path(grpc_tools.__file__).parent / "_proto",
    ]  # fmt: skip
    image = into / "image.binpb"
    command = [
        sys.executable, "-m", "grpc_tools.protoc", *(f"-I{path}" for path in includes),
        "--include_imports", "--include_source_info", f"--descriptor_set_out={image}", *options,
        *map(str, sorted((root / FOLDER).glob("*.proto"))),
    ]  # fmt: skip
    subprocess.run(command, check=True)
    return image


def lint(root: Path = ROOT) -> int:
    """Run `buf lint` and `buf format` over the files, and return the exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        image = compiled(Path(scratch), root)
        failed = _buf("lint", image, "--config", ROOT / "buf.yaml")
    return failed or _buf("format", root, "--diff", "--exit-code")


def breaking(before: Path, root: Path = ROOT) -> int:
    """Ask `buf breaking` whether a client made from the files in `before` could still be served."""
    with tempfile.TemporaryDirectory() as now, tempfile.TemporaryDirectory() as then:
        new, old = compiled(Path(now), root), compiled(Path(then), before)
        return _buf("breaking", new, "--against", old, "--config", ROOT / "buf.yaml")


def _buf(*arguments: str | Path) -> int:
    buf = Path(sys.executable).with_name("buf")
    return subprocess.run([buf, *arguments]).returncode
