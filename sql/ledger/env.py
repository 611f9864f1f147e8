"""How Alembic runs a version: in the transaction that sql/migrate.py holds."""

from alembic import context

from sql.ledger import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
