"""How fast a training learns: a short warm-up, a constant rate, and a cool-down at the end.

A run at the constant rate can be stopped, go on and be given another number of steps at any time; the
cool-down takes a small share of the steps and makes the weights good (Hägele et al. 2024).
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class CoolDown:
    """Steps ``begin`` to ``end - 1``, in which the rate falls from the constant one to nothing."""

    begin: int
    end: int

    def share(self, step: int) -> float:
        """The share of the constant rate at ``step``: 1 less the root of the part that is over."""
        done = (step + 1 - self.begin) / (self.end + 1 - self.begin)
        return 1 - math.sqrt(min(1.0, max(0.0, done)))


@dataclass(frozen=True)
class Schedule:
    """Steps, and what AdamW and the averaged weights are given."""

    steps: int
    learning_rate: float = 8e-4
    warmup: int = 200
    cool_down: float = 0.2
    """Share of the steps, at the end."""
    ema: float = 0.999
    """Share of the averaged weights that a step keeps; less in the first steps."""
    clip: float = 1.0
    """Largest norm of a network's gradients."""
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 1e-4

    @property
    def constant_steps(self) -> int:
        """The steps at the constant rate, warm-up included."""
        return self.steps - round(self.cool_down * self.steps)

    def rate(self, step: int, cool_down: CoolDown) -> float:
        """The learning rate of ``step``."""
        return self.learning_rate * min(1.0, (step + 1) / max(1, self.warmup)) * cool_down.share(step)

    def cooling(
        self, done: int, known: CoolDown | None = None, asked: int | None = None
    ) -> CoolDown | None:
        """The cool-down of a run that has ``done`` steps; None if it must first go back to where the one
        it is in began.

        ``known`` is the cool-down that those steps are in, ``asked`` the length of one from here on, which
        a cool-down under way does not begin again.
        """
        if asked is not None:
            return known or CoolDown(done, done + asked)
        if known is None:
            return CoolDown(max(done, self.constant_steps), self.steps)
        # At a rate that has fallen, more steps teach little.
        return CoolDown(known.begin, self.steps) if self.steps <= known.end else None
