"""Pictures for the screen, drawn in a process of their own: a visitor's file is decoded in no other."""
