"""Dashboards, and what Grafana is given at its start."""
