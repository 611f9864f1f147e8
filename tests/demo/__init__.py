"""The demo, checked against a recomputation that shares nothing with the product."""
