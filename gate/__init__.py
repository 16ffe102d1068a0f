"""Readiness Gate: is this ready to merge, and who says so?"""

__version__ = "0.1.0"
