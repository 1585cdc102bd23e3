"""Commands that speak with the Hugging Face hub."""
