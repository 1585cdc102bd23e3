"""Every operation of the Core ML interpreter against torch, in programs that were saved and loaded back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import coremltools as ct
import numpy as np
import pytest
from coremltools.converters.mil import Builder as mb  # noqa: N813 (as everybody does)

from convert.errors import PackageError, UnknownOperation
from convert.proof.mil import MilNetwork, load_package
from convert.proof.mil.registry import OPERATIONS
from tests.convert.proof.mil_cases import CASES, NEWER, Case, T, X, Y


def saved(case: dict[str, Case], path: Path, target: Any) -> dict[str, Any]:
    """A program with an output for each case, through a package."""

    @mb.program(
        input_specs=[mb.TensorSpec(shape=X.shape), mb.TensorSpec(shape=Y.shape)], opset_version=target
    )
    def program(x: Any, y: Any) -> Any:
        return tuple(
            mb.identity(x=build(x, y), name=f"out_{index}")
            for index, (build, _) in enumerate(case.values())
        )

    ct.convert(
        program,
        convert_to="mlprogram",
        minimum_deployment_target=target,
        compute_precision=ct.precision.FLOAT32,
        pass_pipeline=ct.PassPipeline.EMPTY,
        skip_model_load=True,
    ).save(str(path))
    return load_package(path)


@pytest.mark.parametrize("cases", [CASES, NEWER], ids=["iOS 17", "iOS 18"])
def test_every_operation_gives_what_torch_gives(cases: dict[str, Case], tmp_path: Path) -> None:
    target = ct.target.iOS17 if cases is CASES else ct.target.iOS18
    package = saved(cases, tmp_path / "all.mlpackage", target)
    used = {step.op_type for step in package["main"].operations}
    assert {name.split()[0] for name in cases} <= used
    outputs = MilNetwork(package["main"], "float32").run([X, Y])
    for (name, (_, expected)), got in zip(cases.items(), outputs, strict=True):
        wanted = expected(T(X), T(Y)).float().numpy()
        assert got.shape == wanted.shape, name
        assert np.abs(got - wanted).max() < 1e-5 * max(1, np.abs(wanted).max()), name
        assert wanted.std() > 0, name


def test_no_operation_is_untested() -> None:
    assert {name.split()[0] for name in {**CASES, **NEWER}} == set(OPERATIONS)


def small(build: Callable[[Any], Any], path: Path, precision: Any = ct.precision.FLOAT16) -> Any:
    """The only function of a program of one input of shape (1, 300, 300)."""

    @mb.program(input_specs=[mb.TensorSpec(shape=(1, 300, 300))], opset_version=ct.target.iOS17)
    def program(x: Any) -> Any:
        return build(x)

    ct.convert(
        program,
        convert_to="mlprogram",
        minimum_deployment_target=ct.target.iOS17,
        compute_precision=precision,
        skip_model_load=True,
    ).save(str(path))
    return load_package(path)["main"]


def test_float16_rounds_what_the_program_types_so_and_float32_does_not(tmp_path: Path) -> None:
    function = small(lambda x: mb.mul(x=x, y=1.0009765625), tmp_path / "m.mlpackage")
    values = np.full((1, 300, 300), 1.0009765625, np.float32)
    (half,) = MilNetwork(function, "float16").run([values])
    (exact,) = MilNetwork(function, "float32").run([values])
    assert half[0, 0, 0] == np.float16(1.0009765625 * 1.0009765625) != exact[0, 0, 0]
    assert exact[0, 0, 0] == np.float32(1.0009765625 * 1.0009765625)


def test_sums_that_float16_cannot_hold_overflow(tmp_path: Path) -> None:
    """The mean would fit; devices that add up in float16 never reach it."""
    function = small(lambda x: mb.reduce_mean(x=x, axes=[1, 2]), tmp_path / "m.mlpackage")
    ones = np.ones((1, 300, 300), np.float32)
    assert MilNetwork(function, "float16").run([ones])[0] == np.inf
    assert MilNetwork(function, "float32").run([ones])[0] == 1
    assert abs(MilNetwork(function, "float16").run([ones / 2])[0] - 0.5) < 1e-3


def test_an_operation_that_is_not_known_is_an_error(tmp_path: Path) -> None:
    function = small(lambda x: mb.cumsum(x=x, axis=1), tmp_path / "m.mlpackage")
    with pytest.raises(UnknownOperation, match="cumsum"):
        MilNetwork(function, "float32").run([np.ones((1, 300, 300), np.float32)])


def test_an_input_that_is_not_known_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    function = small(lambda x: mb.softmax(x=x, axis=1), tmp_path / "m.mlpackage")
    monkeypatch.setitem(OPERATIONS, "softmax", lambda x: x)
    with pytest.raises(UnknownOperation, match="axis"):
        MilNetwork(function, "float32").run([np.ones((1, 300, 300), np.float32)])


def test_what_is_no_package_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="Core ML"):
        load_package(tmp_path / "missing.mlpackage")
    (tmp_path / "empty.mlpackage").mkdir()
    with pytest.raises(PackageError):
        load_package(tmp_path / "empty.mlpackage")
