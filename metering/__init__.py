"""What was used: metrics, aggregations, charge models, quantities."""
