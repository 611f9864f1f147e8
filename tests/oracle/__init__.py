"""The rules of the spec once more, slowly and plainly: what the fast columns are held against.

Nothing here imports metering: events and prices are dictionaries, numbers are Decimals.
"""
