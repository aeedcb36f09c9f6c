"""Checks: how they are declared, found and run, and what they may see."""
