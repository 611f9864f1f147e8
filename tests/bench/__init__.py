"""Tests of the bench: that it measures what it says, at sizes at which nothing is learnt."""
