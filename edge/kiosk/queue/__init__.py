"""The durable queue of photos to restore, and the thread that works it off with one worker process."""
