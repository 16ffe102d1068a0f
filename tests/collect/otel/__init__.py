"""The parts of the otel collector."""
