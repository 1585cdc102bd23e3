"""Reading a saved Core ML package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from convert.errors import PackageError
from convert.formats.litert import quiet


def load_package(path: Path) -> dict[str, Any]:
    """The functions of the ML program in the package ``path``, by name, weights read.

    They are coremltools' ``Function`` objects. Raises PackageError.
    """
    with quiet():
        import coremltools
        from coremltools.converters.mil.frontend.milproto.load import load

        # Both raise errors of many kinds, with no common base but Exception, for what is no package.
        try:
            spec = coremltools.utils.load_spec(str(path))
            weights = path / "Data" / "com.apple.CoreML" / "weights"
            program = load(spec, spec.specificationVersion, str(weights))
        except Exception as error:
            raise PackageError(
                f"{path} can't be read as a Core ML program ({error}): convert again."
            ) from error
    return dict(program.functions)
