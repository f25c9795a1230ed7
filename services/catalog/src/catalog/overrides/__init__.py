"""What people say of works instead of their sources."""
