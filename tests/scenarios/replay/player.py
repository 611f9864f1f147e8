"""What plays a scenario, whatever its format: steps, references, and what was wrong."""

import http.client
import re
import traceback

from tests.scenarios.replay.http import ScenarioError, Skip, shorten

MAX_STEPS_SHOWN = 3
"""Failing steps that are shown."""


class Player:
    """What both formats share: walking the steps, filling in {{references}}, the problems."""

    reference = re.compile(r"\{\{([^{}]+)\}\}")

    def __init__(self, scenario, options):
        self.scenario, self.options, self.world = scenario, options, None
        self.number, self.step = 0, {}
        self.problems = []  # (step number, instant, step, text, reply)
        self.not_checked = set()

    def play(self):
        """Run all steps.  Problems end up in self.problems; Skip is raised."""
        try:
            self.begin()
            for number, step in enumerate(self.scenario["steps"]):
                self.number, self.step = number, step
                self.world.set_clock(self.step.get("at", self.world.clock))
                self.play_step()
        except ScenarioError as error:
            self.problem(str(error), error.reply)
        except Skip:
            raise
        except (OSError, http.client.HTTPException) as error:
            self.problem(f"no usable answer from {self.options.url}: {error!r}")
        except (
            Exception
        ):  # a response of an unexpected shape: show it, then go on with the next scenario
            self.problem("a response has an unexpected shape:\n" + traceback.format_exc(limit=-3))
        finally:
            if self.world:
                self.world.close()

    def problem(self, text, reply=None):
        """Record one mismatch with the step and the exchange that shows it: else the last."""
        reply = reply or (self.world.api.last if self.world else None)
        self.problems.append(
            (self.number, self.world.clock if self.world else "start", self.step, text, reply)
        )

    def report(self):
        """All problems as indented text, grouped by step."""
        limit, lines = 0 if self.options.verbose else 600, []
        numbers = list(dict.fromkeys(problem[0] for problem in self.problems))
        shown = numbers if self.options.verbose else numbers[:MAX_STEPS_SHOWN]
        for number in shown:
            group = [problem for problem in self.problems if problem[0] == number]
            _, instant, step, _, reply = group[0]
            what = {key: value for key, value in step.items() if key != "at"}
            heading = (
                f"step {number} at {instant}: {shorten(what, limit and 300)}"
                if what
                else "before step 0:"
            )
            lines.append("  " + heading)
            lines += ["    " + line for problem in group for line in problem[3].split("\n")]
            lines += ["    " + line for line in (reply.describe(limit) if reply else [])]
        if len(shown) < len(numbers):
            lines.append(f"  … and {len(numbers) - len(shown)} more failing steps (-v shows all)")
        return lines

    def filled(self, value):
        """Replace {{reference}} by its value everywhere inside `value`."""
        if isinstance(value, str):
            whole = self.reference.fullmatch(value)
            if whole:
                return self.lookup(whole.group(1))
            return self.reference.sub(lambda found: str(self.lookup(found.group(1))), value)
        if isinstance(value, dict):
            return {key: self.filled(inner) for key, inner in value.items()}
        return [self.filled(inner) for inner in value] if isinstance(value, list) else value
