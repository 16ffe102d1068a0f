"""Terraform and OpenTofu: what the configuration in the tree describes."""
