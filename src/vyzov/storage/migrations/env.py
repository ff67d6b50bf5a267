"""Runs the migrations on the connection that `migrate` hands over, in as many transactions as it says."""

from alembic import context

from vyzov.storage import (
    tables,
    tables_alarms,
    tables_floors,
    tables_hopper,
    tables_journal,
    tables_kpi,
    tables_phones,
    tables_webhooks,
)

# Tables are known to the metadata once their modules are loaded.
TABLES = (
    tables,
    tables_alarms,
    tables_floors,
    tables_hopper,
    tables_journal,
    tables_kpi,
    tables_phones,
    tables_webhooks,
)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    transactional_ddl=True,
    transaction_per_migration=context.config.attributes["piecemeal"],
)
with context.begin_transaction():
    context.run_migrations()
