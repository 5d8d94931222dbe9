"""Text in, findings out: what a check has found in a text, of which kind, where, and how to mend it.

The rules are data: rules/*.toml, each with examples that it hits and misses.
"""

from qa.screening.engine import Finding, Rule, Severity, all_rules, mend, screen

__all__ = ["Finding", "Rule", "Severity", "all_rules", "mend", "screen"]
