"""What workflows of GitHub Actions do, and whether they can do it."""
