"""What an image holds, and what is known about it."""
