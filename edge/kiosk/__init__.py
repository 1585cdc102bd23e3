"""The kiosk: a small computer on a counter that takes an old print and gives back a restored one."""
