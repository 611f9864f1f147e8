"""What the README tells a newcomer to type, typed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from api.commands.serving import served
from tests.engines import scratch

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's commands need curl")
def test_the_first_invoice_is_made_as_the_readme_says():
    """One call on a plan of 10.00: an invoice of 10.02, through both doors."""
    (script,) = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    folder = scratch() / "readme"
    with served(folder) as url:
        log = (folder / "server.log").read_text()
        (port,) = re.findall(r"gRPC at port (\d+)", log)
        said = {
            "URL": url,
            "GRPC": f"http://127.0.0.1:{port}",
            "ADMIN": (folder / "admin.key").read_text().strip(),
            "BUF": str(Path(sys.executable).parent / "buf"),
        }
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env={**os.environ, **said}, cwd=ROOT, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert '"total_amount_cents":1002' in done.stdout
    assert '"totalAmountCents": "1002"' in done.stdout
