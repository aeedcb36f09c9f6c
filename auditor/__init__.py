"""Compliance auditor for existing OutSystems 11 installations."""

__version__ = "0.1.0"
