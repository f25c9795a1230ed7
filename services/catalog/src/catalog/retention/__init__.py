"""What is not kept for ever."""
