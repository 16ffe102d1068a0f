"""What is fast, measured against what a user would run instead. Ratios within one run; never a timed test."""
