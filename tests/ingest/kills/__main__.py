"""`make soak`: the fight, a thousand kills long, on one warehouse or on each."""

import argparse
import json
import random
import sys

from tests.ingest.kills.fight import fight, progress
from tests.ingest.kills.server import POINTS


def main() -> None:
    """Fight as told, and print what there was."""
    parser = argparse.ArgumentParser(description="Kill servers that take events, many times.")
    parser.add_argument("--warehouse", choices=[*POINTS, "all"], default="all")
    parser.add_argument("--kills", type=int, default=1_000, help="in all")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    asked = parser.parse_args()
    chosen = list(POINTS) if asked.warehouse == "all" else [asked.warehouse]
    for number, warehouse in enumerate(chosen):
        kills = (asked.kills + number) // len(chosen)
        sys.stdout.write(f"{warehouse}: {kills} kills, seed {asked.seed}\n")
        sys.stdout.flush()
        found = fight(warehouse, kills, asked.seed, progress(kills))
        sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
