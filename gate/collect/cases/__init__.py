"""Cases of tests: what is counted of them, and which suites they belong to."""
