"""Dockerfiles: which there are, what their final stage is like, and what hadolint says of them."""
