"""Producers that never stop, servers that are killed again and again, and whose books are right.

    python -m tests.ingest.kills --warehouse clickhouse --kills 500 --seed 7

Each producer keeps books of what it sent and of what it was told is stored. It retries, reorders,
repeats, regroups and splits, through every door for events. The servers are real ones, ended by
SIGKILL: at points of a commit, at random, or just when their files change. In the end everything
that was acknowledged must be there once, as it was sent first, and nothing else; and so must it be
in usage, and on the bill.
"""
