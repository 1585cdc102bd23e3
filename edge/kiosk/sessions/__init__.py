"""Sessions: what one visitor brings, chooses and gets, kept in one folder until it ends."""
