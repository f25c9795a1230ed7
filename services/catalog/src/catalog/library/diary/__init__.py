"""The entries that people write, and the states that follow from them."""
