"""Looking for secrets with gitleaks, so that nothing of the repository can keep it from looking."""
