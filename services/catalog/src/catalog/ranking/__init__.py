"""How well known works are, and the tiers in which search reads them."""
