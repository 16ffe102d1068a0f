"""Running Trivy so that what it says can be trusted."""
