"""Which works of the catalogue somebody else describes."""
