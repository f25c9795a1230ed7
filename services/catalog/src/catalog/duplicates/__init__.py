"""Works that are, or seem to be, there twice."""
