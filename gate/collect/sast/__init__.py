"""Static analysis: bandit's runs, and what is counted of findings."""
