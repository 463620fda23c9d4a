"""Grading: the judge, the sandbox, the bank of known mistakes, a class at once."""

import sys

# nbformat imports jsonschema, which builds 38 parsers out of this package to check a format that no
# notebook uses. That takes over a second in every process that starts; without it, nothing is lost.
sys.modules.setdefault("rfc3987_syntax", None)
