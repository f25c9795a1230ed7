"""A library at a glance."""
