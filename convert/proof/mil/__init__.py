"""Interpreter of Core ML programs, to prove saved packages on Linux.

The saved package is loaded back and its program is executed operation by operation in torch, so that the
proven file is the one that ships. It does not measure speed, and a real device rounds differently: see
docs/toolkit/converting.md.
"""

from convert.proof.mil.interpreter import MilNetwork
from convert.proof.mil.package import load_package

__all__ = ["MilNetwork", "load_package"]
