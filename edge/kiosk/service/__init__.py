"""The kiosk's service: a page for the screen, one for phones and one for the owner."""
