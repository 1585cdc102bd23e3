"""What the operating system is asked for: processes, and the folder of a user's state."""
