"""What people seem to like."""
