"""Strict, bounded parsers and patterns that both the gathering and the judging side use."""
