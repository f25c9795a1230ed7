"""Works and their sources: stored once, read often."""
