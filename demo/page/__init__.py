"""The page: layout, events, tables, plots, views."""
