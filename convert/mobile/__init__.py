"""The mobile networks, their weights, and how they become parts of a bundle."""
