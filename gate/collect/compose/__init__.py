"""Compose files: interpolation, merging, `extends` and `include`, and what is told of each service."""
