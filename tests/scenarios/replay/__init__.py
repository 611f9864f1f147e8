"""Plays scenarios against a running server, over REST only: `play` says what was wrong.

Every scenario gets an organization of its own with a clock of its own, and all that is expected is
read back through the API.
"""

import json
from pathlib import Path
from typing import NamedTuple

from tests.scenarios.replay.core import CorePlayer
from tests.scenarios.replay.http import Skip
from tests.scenarios.replay.money import MoneyPlayer


class Options(NamedTuple):
    """Where to play, and how much to say."""

    url: str
    admin_key: str
    verbose: bool = False
    webhook_url: str = "https://webhooks.invalid/harness"


def play(file: Path, options: Options) -> str:
    """Play one scenario and return what was wrong, or an empty text."""
    scenario = json.loads(file.read_text())
    player = (MoneyPlayer if "area" in scenario else CorePlayer)(scenario, options)
    try:
        player.play()
    except Skip as reason:
        return f"it cannot be played: {reason}"
    rule = scenario.get("notes") or scenario["name"]
    return "\n".join([rule, *player.report()]) if player.problems else ""
