"""Settings in configuration files: found by their keys, told with their values, those of secrets left out."""
