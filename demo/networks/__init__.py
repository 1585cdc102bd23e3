"""The bundle's networks, for developers: single files to download, and code that runs them."""
