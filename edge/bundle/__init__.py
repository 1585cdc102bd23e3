"""The bundle of networks: manifest, checks, and its export for an app."""
