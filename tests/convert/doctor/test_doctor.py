"""The doctor: each rule has a network that triggers it and one that does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from convert.commands.doctor import command  # noqa: E402
from convert.doctor.checks import Finding, Subject, examine, subjects  # noqa: E402
from convert.doctor.rules import RULES, TARGETS, Rule, rules_table  # noqa: E402

WEIGHTS = Path(__file__).parents[3] / "weights"
Run = Callable[[Tensor], Tensor]


class Net(nn.Module):
    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run

    def forward(self, x: Tensor) -> Tensor:
        return self.run(x)


def found(run: Run, side: int = 8) -> list[Finding]:
    return examine(Subject("part", Net(run), (torch.rand(1, 4, side, side),)), TARGETS)


def dilated(x: Tensor) -> Tensor:
    return F.conv2d(x, torch.ones(4, 4, 3, 3), None, 1, 2, 2)


TRIGGERS: list[tuple[Run, int]] = [
    (lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect"), 8),
    (lambda x: F.pad(x, (1, 1, 1, 1), mode="replicate"), 8),
    (lambda x: F.interpolate(x, scale_factor=2, mode="nearest"), 8),
    (lambda x: torch.where(x > 0.5, x, torch.zeros_like(x)), 8),
    (lambda x: x[:, [3, 1, 2]], 8),
    (lambda x: x.argmax(1), 8),
    (lambda x: x.topk(3, dim=1).values, 8),
    (lambda x: F.instance_norm(x), 80),
    (dilated, 8),
]
PLAIN: Run = lambda x: F.relu(F.conv2d(F.pad(x, (1, 1, 1, 1)), torch.ones(4, 4, 3, 3))) + x  # noqa: E731


def test_every_rule_is_triggered() -> None:
    seen: set[Rule] = {f.rule for run, side in TRIGGERS for f in found(run, side)}
    assert [rule for rule in RULES if rule not in seen] == []


def test_a_plain_network_has_no_findings_and_short_sums_neither() -> None:
    assert found(PLAIN) == []
    assert found(lambda x: F.instance_norm(x), 16) == []
    assert found(lambda x: x.mean(1), 80) == []


def test_nothing_of_the_mobile_family_is_refused() -> None:
    findings = [f for subject in subjects(WEIGHTS) for f in examine(subject, TARGETS)]
    assert [f for f in findings if f.rule.verdict == "refused"] == []


def test_the_command_end_to_end(tmp_path: Path) -> None:
    output = tmp_path / "found.json"
    result = CliRunner().invoke(command, [str(WEIGHTS), "--strict", "--json", str(output)])
    assert result.exit_code == 0, result.output
    assert isinstance(json.loads(output.read_text()), list)
    # XNNPACK leaves the detector's nearest neighbours to plain kernels.
    assert "upsample_nearest2d" in output.read_text() and "tensorrt: no rule" in result.output
    assert CliRunner().invoke(command, [str(WEIGHTS), "--to", "abacus"]).exit_code == 2


def test_the_documentation_has_the_same_rules() -> None:
    assert rules_table() in (WEIGHTS.parent / "docs" / "toolkit" / "doctor.md").read_text()


@pytest.mark.parametrize(("case", "parts"), [(0, 2), (1, 2), (2, 2), (3, 0), (4, 2), (5, 0)])
def test_xnnpack_leaves_what_its_rules_say(case: int, parts: int, tmp_path: Path) -> None:
    assert delegated(TRIGGERS[case][0], tmp_path) == parts
    assert delegated(PLAIN, tmp_path) == 1


def delegated(run: Run, folder: Path) -> int:
    """Into how many pieces the delegate's share of the graph is cut."""
    interpreter_of = pytest.importorskip("ai_edge_litert.interpreter").Interpreter
    from convert.formats.litert import convert_float

    convert_float(Net(run).eval(), {"tile": [torch.rand(1, 4, 8, 8)]}, folder / "net.tflite")
    interpreter = interpreter_of(str(folder / "net.tflite"))
    interpreter.allocate_tensors()
    return sum(entry["op_name"] == "DELEGATE" for entry in interpreter._get_ops_details())
