"""What is done to instances by itself, again and again."""
