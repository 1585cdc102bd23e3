"""Training recipes, and their stages as tasks."""
