"""Many works at once, whoever writes them."""
