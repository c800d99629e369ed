"""Tables of any size translated shard by shard, in this process or on a Ray cluster."""
