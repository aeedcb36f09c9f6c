"""Recognising components and roles from facts, each with the evidence for it. Functions of their input."""

from auditor.detection.naming import Naming, controller_is_here, controller_naming, is_local, names_host, naming_of
from auditor.detection.portrait import portray

__all__ = [
    "Naming",
    "controller_is_here",
    "controller_naming",
    "is_local",
    "names_host",
    "naming_of",
    "portray",
]
