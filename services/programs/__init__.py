"""What measures are worth: payment programs, their arithmetic and their reports."""
