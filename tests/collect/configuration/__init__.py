"""Settings in configuration files."""
