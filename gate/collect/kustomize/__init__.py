"""What kubectl builds from the kustomizations of a tree."""
