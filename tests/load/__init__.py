"""Benchmarks, run by hand: they print figures and never fail a build."""
