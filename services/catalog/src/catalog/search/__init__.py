"""Finding works by words."""
