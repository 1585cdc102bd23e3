"""A training that is killed, or whose disk fills up, at random moments: the next run goes on."""

from __future__ import annotations

import json
import multiprocessing
import random
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from torch import nn

from convert.mobile.weights import load_weights
from quantize.training.checkpoint import TornCheckpoint, load_checkpoint
from quantize.training.run_record import read_run
from quantize.training.schedule import CoolDown
from tests.security.fuzz.runs import LONG, Tiny, tiny_run, train_tiny

KILLS, FULL = 60, 30
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["tests.security.fuzz.runs", "torch.utils.tensorboard", "matplotlib.figure", "torch.optim.adamw"]
)


def begun(folder: Path, full: tuple[int, int] | None = None) -> BaseProcess:
    process = PROCESSES.Process(target=train_tiny, args=(folder, full))
    process.start()
    return process


def steps_kept(folder: Path) -> int:
    """Checks that every file with a name of its own is whole; returns with what step a next run begins."""
    run, kept = tiny_run(folder), 0
    for name in ("checkpoint.pt", "checkpoint-before.pt", "stable.pt"):
        if (folder / name).exists():
            found = load_checkpoint(folder / name, run.networks, run.optimizers, run.averaged)
            kept = max(kept, found.steps if name != "stable.pt" else 0)
    if (folder / "weights.safetensors").exists():
        load_weights(nn.Sequential(*Tiny().network), folder / "weights.safetensors")
    read_run(folder)
    lines = (folder / "curve.jsonl").read_text().splitlines() if (folder / "curve.jsonl").exists() else []
    for line in lines[:-1]:
        assert "step" in json.loads(line)
    return kept


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("whole")
    process = begun(folder)
    process.join(300)
    assert process.exitcode == 0
    return (folder / "weights.safetensors").read_bytes()


@pytest.mark.slow
def test_kills_at_random_moments_cost_nothing_but_the_steps_since_the_last_checkpoint(
    whole: bytes, tmp_path: Path
) -> None:
    dice, kills, ended, kept, number, advanced = random.Random(5), 0, 0, 0, 0, 0
    while kills < KILLS or not ended:
        folder = tmp_path / str(number)
        process, before = begun(folder), kept
        if kills < KILLS:
            wait_a_while(process, folder / "checkpoint.pt", dice)
        else:
            process.join(300)
        if process.exitcode is None:
            process.kill()
            process.join()
            kills += 1
            kept = steps_kept(folder) if folder.exists() else 0
            assert kept >= before, "a checkpoint has been lost"
            advanced += kept > before
            continue
        assert process.exitcode == 0
        assert (folder / "weights.safetensors").read_bytes() == whole
        record = read_run(folder)
        assert record is not None and record.ended and record.steps == LONG.steps
        number, ended, kept = number + 1, ended + 1, 0
    assert advanced > KILLS // 4, "most kills came before anything had been saved"


def wait_a_while(process: BaseProcess, checkpoint: Path, dice: random.Random) -> None:
    """Until a few checkpoints have been written and some milliseconds more; now and then much less."""
    if dice.random() < 0.2:
        process.join(dice.uniform(0, 0.3))
        return
    seen, left = written(checkpoint), dice.randrange(1, 4)
    while left and process.exitcode is None:
        process.join(0.002)
        if written(checkpoint) not in (seen, 0):
            seen, left = written(checkpoint), left - 1
    process.join(dice.uniform(0, 0.04))


def written(path: Path) -> int:
    """When a file was, in nanoseconds; 0 if it is not there."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


@pytest.mark.slow
def test_a_disk_that_fills_up_at_any_moment_ends_a_run_with_an_error_and_the_next_one_goes_on(
    whole: bytes, tmp_path: Path
) -> None:
    dice, kept, folder = random.Random(6), 0, tmp_path / "run"
    for _ in range(FULL):
        at = kept + dice.randrange(1, 60)
        if at >= LONG.steps:
            break
        process = begun(folder, (at, dice.randrange(20_000)))
        process.join(120)
        if process.exitcode is None:
            process.kill()
            raise AssertionError("hangs")
        assert process.exitcode in (0, 3)
        before, kept = kept, steps_kept(folder)
        assert kept >= before
    process = begun(folder)
    process.join(300)
    assert process.exitcode == 0
    assert (folder / "weights.safetensors").read_bytes() == whole


def test_the_check_of_what_is_whole_finds_what_is_not(tmp_path: Path) -> None:
    run = tiny_run(tmp_path)
    run.save(CoolDown(5, 6))
    assert steps_kept(tmp_path) == 1
    (tmp_path / "stable.pt").write_bytes((tmp_path / "checkpoint.pt").read_bytes()[:-40])
    with pytest.raises(TornCheckpoint):
        steps_kept(tmp_path)
