"""What manifests say of workloads, their containers, and the objects around them. Pure: objects in, facts out."""
