"""The catalogue of works: what they are, where that is known from, and how they are found."""
