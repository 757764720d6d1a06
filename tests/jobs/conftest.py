"""The broker of the tests is the embedded one: its folders and its crew come from the tests of `yhteiso.local`."""

from tests.local.conftest import crew, places

__all__ = ["crew", "places"]
