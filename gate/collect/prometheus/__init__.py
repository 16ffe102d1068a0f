"""Rules, configurations and retention of Prometheus."""
