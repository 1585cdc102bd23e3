"""Several processes train one network; each step of each has random numbers of its own."""

from __future__ import annotations

import itertools
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from quantize.training.processes import step_seed


def test_seeds_and_purposes_have_numbers_of_their_own() -> None:
    drawn = [
        torch.rand(4, generator=torch.Generator().manual_seed(step_seed(seed, step, what))).tolist()
        for seed, step in ((0, 0), (1, 0), (0, 1), (2**31 - 1, 0))
        for what in ("crops", "batch")
    ]
    assert all(one != other for one, other in itertools.combinations(drawn, 2))


@pytest.mark.slow
def test_two_processes_average_their_gradients(tmp_path: Path) -> None:
    """Under torchrun both keep the same weights, though each sees crops of its own."""
    script = tmp_path / "run.py"
    script.write_text(
        textwrap.dedent("""
        import sys, torch
        from pathlib import Path
        from torch import distributed
        from convert.oldphotos.photosets import PhotoSet
        from quantize.training.schedule import Schedule
        from quantize.training.trainer import train
        from tests.convert.oldphotos.pictures import pictures
        from tests.quantize.small_tasks import TASKS
        distributed.init_process_group("gloo")
        tensors = tuple(torch.from_numpy(p.copy()) for p in pictures(8))
        torch.manual_seed(0)
        task = TASKS["tone"](PhotoSet(tensors[:6], tensors[6:]))
        crops = []
        cut = task.photos
        task.photos = lambda rng: crops.append(cut(rng)) or crops[-1]
        folder = Path(sys.argv[1])
        train(task, Schedule(4, warmup=1), folder, torch.device("cpu"))
        state = [task.network.state_dict(), crops[0][0]]
        torch.save(state, folder / f"rank{distributed.get_rank()}.pt")
        distributed.destroy_process_group()
        """)
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [*command, script, tmp_path],
        cwd=root,
        env={"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    one, other = (torch.load(tmp_path / f"rank{rank}.pt", weights_only=True) for rank in (0, 1))
    assert not torch.equal(one[1], other[1])
    for name, value in one[0].items():
        assert torch.equal(value, other[0][name]), name
