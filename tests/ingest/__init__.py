"""Events in: formats, verdicts, the writer, and exactly once."""
