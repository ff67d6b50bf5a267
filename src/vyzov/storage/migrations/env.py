"""Runs the migrations on the connection that `migrate` hands over, as one transaction."""

from alembic import context

from vyzov.storage import (
    tables,
    tables_floors,
    tables_hopper,
    tables_journal,
    tables_kpi,
    tables_phones,
)

# Tables are known to the metadata once their modules are loaded.
TABLES = (tables, tables_floors, tables_hopper, tables_journal, tables_kpi, tables_phones)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
