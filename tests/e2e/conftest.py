"""What the tests of real processes share: an office in which everything can be done, started once for a module."""

from tests.support.everyday import everyday

__all__ = ["everyday"]
