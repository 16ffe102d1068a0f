"""Renderers: a verdict in, text out."""
