"""Adapters of the store: tables, named queries, migrations."""
