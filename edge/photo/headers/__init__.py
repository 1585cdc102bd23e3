"""What the bytes of a photo file say before anything is decoded; nothing is allocated as a file asks."""
