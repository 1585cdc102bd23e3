"""The work of one worker: a shard, photo by photo."""
