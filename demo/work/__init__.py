"""Workers, sessions and the service that the page calls."""
