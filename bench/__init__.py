"""`make bench`: what a sync costs, as a ratio to the least that loading its roster can cost."""
