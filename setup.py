"""What pyproject.toml can't say: a wheel holds only the networks that it can run.

Core ML and ONNX files stay in the repository, where `heirloom bundle export` and `--runtime onnx` find
them. This runs in pip's build environment, without the project's dependencies.
"""

import json
from pathlib import Path
from typing import Any

from setuptools import setup
from setuptools.command.build_py import build_py

RUN = "litert"


class BuildWithRunnableNetworks(build_py):
    """Copy the packages, then leave out of the bundle what LiteRT doesn't run."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            trim(Path(self.build_lib) / "edge" / "bundles" / "mobile")


def trim(bundle: Path) -> None:
    """Take the files that no LiteRT artifact names out of a bundle, and out of its manifest."""
    path = bundle / "manifest.json"
    manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
    wanted = set()
    for part in manifest["parts"].values():
        part["artifacts"] = [each for each in part["artifacts"] if each["format"] == RUN]
        for artifact in part["artifacts"]:
            wanted |= {tile["file"] for tile in artifact["tiles"]}
            wanted |= {
                file for golden in artifact["golden"] for file in golden["inputs"] + golden["outputs"]
            }
    manifest["files"] = {name: entry for name, entry in manifest["files"].items() if name in wanted}
    path.write_text(json.dumps(manifest), "utf-8")
    for file in sorted(bundle.rglob("*"), reverse=True):
        if file.is_dir():
            if not any(file.iterdir()):
                file.rmdir()
        elif file != path and file.relative_to(bundle).as_posix() not in wanted:
            file.unlink()


setup(cmdclass={"build_py": BuildWithRunnableNetworks})
