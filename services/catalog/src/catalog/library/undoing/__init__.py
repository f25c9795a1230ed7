"""What people changed, and taking it back."""
