"""Which records of sources are to be fetched again."""
