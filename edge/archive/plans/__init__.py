"""Plans: what there is to restore, cut into shards."""
