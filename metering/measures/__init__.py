"""Weights and measures: money, period, identity and refusal. Imports nothing of ours."""
