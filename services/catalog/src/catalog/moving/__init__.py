"""What belongs to a work goes to another one, and back."""
