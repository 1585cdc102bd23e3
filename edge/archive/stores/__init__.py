"""Stores of files by key: folders, and buckets of object stores."""
