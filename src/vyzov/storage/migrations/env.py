"""Runs the migrations on the connection that `migrate` hands over, as one transaction."""

from alembic import context

from vyzov.storage import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
