"""The service's routes, by who may use them."""
