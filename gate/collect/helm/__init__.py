"""What helm says of the charts of a tree, and what it renders them to."""
