"""Coverage: reports merged line by line, and what is counted of them."""
