"""The judging side: pure functions from policy and evidence to a verdict."""
