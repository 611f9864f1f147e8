"""What a process asks the disk to do, and in which order: seen from outside, by strace or gcc.

    python -m tests.ingest.tracing URL LOG

writes events one by one to the warehouse at a URL, and says in a file, between what the traced
system calls say there, when each was sent and when it was answered.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

TIMES = 3

PRELOADED = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int logged(const char *name, int fd) {
    int (*real)(int) = dlsym(RTLD_NEXT, name);
    char link[64], path[4096], line[4200];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    path[size < 0 ? 0 : size] = 0;
    int done = real(fd);
    int log = open(getenv("SYNC_LOG"), O_WRONLY | O_APPEND | O_CREAT, 0600);
    int length = snprintf(line, sizeof line, "sync %s\n", path);
    if (write(log, line, length) != length) abort();
    close(log);
    return done;
}

int fsync(int fd) { return logged("fsync", fd); }
int fdatasync(int fd) { return logged("fdatasync", fd); }
"""


def tracer(engine: str) -> str | None:
    """What this machine has to trace an engine with: chDB asks the kernel without the C library."""
    names = ("strace", "gcc") if engine == "duckdb" else ("strace",)
    return next(filter(shutil.which, names), None)


def traced(tracer: str, url: str, folder: Path) -> list[str]:
    """Run this module under a tracer; return what happened: `sync <path>`, `sent`, `answered`."""
    log = folder / "log"
    log.touch()
    command = [sys.executable, "-m", "tests.ingest.tracing", url, str(log)]
    environment = {**os.environ, "SYNC_LOG": str(log), "PYTHONPATH": os.getcwd()}
    if tracer == "gcc":
        (folder / "sync.c").write_text(PRELOADED)
        library = folder / "sync.so"
        build = ["gcc", "-shared", "-fPIC", "-o", str(library), str(folder / "sync.c"), "-ldl"]
        subprocess.run(build, check=True)
        environment["LD_PRELOAD"] = str(library)
        subprocess.run(command, check=True, env=environment, timeout=120)
        return log.read_text().splitlines()
    out = folder / "strace"
    calls = "trace=fsync,fdatasync,write,sync_file_range"
    strace = ["strace", "-f", "-y", "-qq", "-e", calls, "-o", str(out)]
    subprocess.run([*strace, *command], check=True, env=environment, timeout=120)
    return list(filter(None, map(_said, out.read_text().splitlines())))


def _said(line: str) -> str:
    """What a line of strace says: a call that is interrupted counts when it is resumed."""
    if found := re.search(r'write\(\d+<[^>]*/log>, "(\w+)', line):
        return found[1]
    if found := re.search(r"\b(?:fsync|fdatasync)\(\d+<([^>]*)>", line):
        return f"sync {found[1]}"
    return ""


def write(url: str, log: str) -> None:
    """Send one event after another, each when the one before was answered."""
    from ingest.group import Group
    from ingest.writer import Writer
    from sql.warehouse import open_warehouse
    from tests.conftest import NOW

    warehouse = open_warehouse(url)
    warehouse.migrate()
    writer = Writer(warehouse)
    out = os.open(log, os.O_WRONLY | os.O_APPEND)
    for number in range(TIMES):
        rows = [("s", f"t{number}", "calls", 0, True, "{}", None)]
        group = Group(organization="o", received_at=NOW, rows=rows, is_whole=True)
        os.write(out, b"sent\n")
        assert writer.put(group).result(60)["verdict"].to_list() == ["accepted"]
        os.write(out, b"answered\n")
    writer.close()
    warehouse.close()


if __name__ == "__main__":
    write(*sys.argv[1:])
