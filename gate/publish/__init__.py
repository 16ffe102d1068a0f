"""What leaves the gate: outputs, summaries and log commands."""
