"""Where works can be had."""
