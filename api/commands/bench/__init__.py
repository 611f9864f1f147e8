"""`invora bench`: how fast this is, as ratios to the bare engines, in one run on one machine."""
