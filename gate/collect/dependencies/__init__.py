"""What the evidence of `dependencies` is made of: coverage, merging across tools, VEX, Trivy on lock files."""
