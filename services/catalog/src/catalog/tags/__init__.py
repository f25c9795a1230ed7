"""What people call works."""
