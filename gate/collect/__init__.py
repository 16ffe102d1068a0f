"""The gathering side: workspace, processes, readers and collectors. It never sees a criterion."""
