"""Many works at once, as operators bring them."""
