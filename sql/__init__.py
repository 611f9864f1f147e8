"""Everything that touches an engine: statements, migrations, the two stores, one unit of work."""
