"""Core ML programs executed without Core ML: what proves a saved package on Linux.

The saved package is loaded back and its program is executed operation by operation in torch, so that what
is proven is the very file that ships. It says nothing about speed, and a real device rounds otherwise: see
docs/toolkit/converting.md.
"""

from convert.proof.mil.interpreter import MilNetwork
from convert.proof.mil.package import load_package

__all__ = ["MilNetwork", "load_package"]
