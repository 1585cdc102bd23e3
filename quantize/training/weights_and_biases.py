"""Weights & Biases: a run's figures go there too, if its package is installed and its variables ask for it.

Nothing but figures is sent, with the run's name and the versions of Python, the system and that package:
no arguments, pictures, code, output or facts about the machine.
"""

from __future__ import annotations

import importlib
import os
import secrets
from pathlib import Path
from typing import Any

from convert.errors import TrainingError
from edge.files import read_bounded, reason_of, written_beside

ASKING = ("WANDB_API_KEY", "WANDB_MODE", "WANDB_PROJECT")
"""Variables of its own, any of which asks for it."""
OFF = ("1", "true", "yes")
"""Values of WANDB_DISABLED."""
PROJECT = "heirloom"
RUN_ID = "wandb-run-id"
"""File in a run's folder: what the run is called there, so that it is one run after a resumption."""
ONLY_FIGURES = {
    "console": "off",
    "save_code": False,
    "disable_code": True,
    "disable_git": True,
    "x_disable_meta": True,
    "x_disable_stats": True,
    "x_disable_machine_info": True,
    "x_save_requirements": False,
}
"""Settings; those that another version does not know are left out."""


def asked_for() -> bool:
    """Whether the environment asks for Weights & Biases, and does not switch it off."""
    if os.environ.get("WANDB_MODE") == "disabled" or os.environ.get("WANDB_DISABLED", "").lower() in OFF:
        return False
    return any(os.environ.get(name) for name in ASKING)


def begin(folder: Path) -> tuple[Any, str]:
    """The run there (None: none), and a sentence to tell the user if there is none though it was asked for.

    Project, name and folder are those of its own variables, if they are set. Raises TrainingError if it
    can't be reached.
    """
    if not asked_for():
        return None, ""
    try:
        wandb = importlib.import_module("wandb")
    except ImportError as error:
        asking = next(name for name in ASKING if os.environ.get(name))
        return None, (
            f"{asking} asks for Weights & Biases, which can't be loaded ({reason_of(error)}): pip install "
            "wandb, or set WANDB_MODE=disabled. The training goes on without."
        )
    known = getattr(wandb.Settings, "model_fields", ONLY_FIGURES)
    ours = {
        "WANDB_PROJECT": ("project", PROJECT),
        "WANDB_NAME": ("name", folder.resolve().name),
        "WANDB_DIR": ("dir", str(folder)),
        "WANDB_RUN_ID": ("id", _run_id(folder)),
        "WANDB_RESUME": ("resume", "allow"),
    }
    given = {key: value for name, (key, value) in ours.items() if not os.environ.get(name)}
    settings = {key: value for key, value in ONLY_FIGURES.items() if key in known}
    try:
        run = wandb.init(**given, settings=wandb.Settings(**settings))
    except Exception as error:  # whatever its version raises
        raise TrainingError(
            f"Weights & Biases can't begin a run ({reason_of(error)}): set WANDB_MODE=offline or =disabled."
        ) from error
    # Its own count of steps never goes back, as a resumed run may.
    run.define_metric("step")
    run.define_metric("*", step_metric="step")
    return run, ""


def _run_id(folder: Path) -> str:
    path = folder / RUN_ID
    try:
        known = read_bounded(path, 64).decode("ascii").strip()
    except (OSError, ValueError):
        known = ""
    if not known.isalnum():
        known = secrets.token_hex(4)
        with written_beside(path) as out:
            out.write(f"{known}\n".encode())
    return known
