"""Two entries of the catalogue that are one work."""
