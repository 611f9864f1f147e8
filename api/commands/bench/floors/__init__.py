"""Floors: what the engines do alone, with nothing of ours around them but the tables.

Each is a script that runs alone and prints one line of JSON: what it took, of how much, and with
which settings of the engine:

    python -m api.commands.bench.floors.ingest_json --engine duckdb --events 200000

Only here do drivers stand beside those of sql/: a floor that went through our own doors would
measure them too.
"""
