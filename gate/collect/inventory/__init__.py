"""What the tree holds: languages, tests, configuration of scanners."""
