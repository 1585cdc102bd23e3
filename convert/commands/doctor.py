"""`heirloom doctor`: checks networks against the rules of a target, before conversion."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from convert.doctor.checks import Finding, examine, subjects
from convert.doctor.rules import RULES, TARGETS
from edge.files import written_beside

UNKNOWN = "no rule is known; `heirloom convert --to onnx` checks operations and zero points"

command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@command.command()
def doctor(
    weights: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="Mobile weights, or imported ones.")
    ],
    to: Annotated[str, typer.Option(help=f"Targets: {', '.join(TARGETS)}.")] = ",".join(TARGETS),
    strict: Annotated[bool, typer.Option(help="Exit with 1 if anything is refused.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE")] = None,
) -> None:
    """List operations that a target refuses, runs slowly or computes inexactly, and how to rewrite them."""
    names = [name.strip() for name in to.split(",")]
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        raise typer.BadParameter(
            f"{unknown[0]!r} is no target: choose from {', '.join(TARGETS)}.", param_hint="--to"
        )
    targets = [name for name in TARGETS if name in names]
    findings = [found for subject in subjects(weights) for found in examine(subject, targets)]
    console = Console()
    for target in targets:
        of_target = [found for found in findings if found.rule.target == target]
        if not of_target:
            known = any(rule.target == target for rule in RULES)
            console.print(f"{target}: {'nothing to say' if known else UNKNOWN}.")
            continue
        table = Table("part", "module", "operation", "times", "verdict", "why", "rewrite", title=target)
        for found in of_target:
            rule = found.rule
            table.add_row(found.part, found.module, found.operation, str(found.count), rule.verdict,
                          rule.why, rule.rewrite)  # fmt: skip
        console.print(table)
    if json_file is not None:
        with written_beside(json_file) as out:
            out.write(json.dumps([_record(found) for found in findings], indent=2).encode() + b"\n")
    if strict and any(found.rule.verdict == "refused" for found in findings):
        raise typer.Exit(1)


def _record(found: Finding) -> dict[str, Any]:
    record = asdict(found)
    rule = record.pop("rule")
    return record | {key: rule[key] for key in ("target", "verdict", "why", "rewrite", "source")}
