"""The columns and constraints the tables are made of; the tables themselves are in `tables`."""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def text(name: str, *, default: str | None = None) -> sa.Column[str]:
    """Makes a column of text that is always there; `default` fills rows that do not name it."""
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def maybe_text(name: str) -> sa.Column[str]:
    """Makes a column of text that may be missing."""
    return sa.Column(name, sa.Text, nullable=True)


def int_(name: str) -> sa.Column[int]:
    """Makes a column of whole numbers."""
    return sa.Column(name, sa.Integer, nullable=False)


def maybe_int(name: str) -> sa.Column[int]:
    """Makes a column of whole numbers that may be missing."""
    return sa.Column(name, sa.Integer, nullable=True)


def of_organisation() -> sa.Column[str]:
    """Makes the column every table has: whose row it is."""
    return sa.Column("organisation_id", sa.Text, sa.ForeignKey("organisation.id"), nullable=False)


def key(*columns: str) -> sa.PrimaryKeyConstraint:
    """Makes a primary key led by the organisation."""
    return sa.PrimaryKeyConstraint("organisation_id", *columns)


def of(column: str, table: str) -> sa.ForeignKeyConstraint:
    """Makes a foreign key that cannot leave the organisation."""
    return sa.ForeignKeyConstraint(
        ["organisation_id", column],
        [f"{table}.organisation_id", f"{table}.id"],
        name=f"fk_{column}_{table}",
    )


def one_of(column: str, *values: str) -> sa.CheckConstraint:
    """Makes a closed list of the values a column may have."""
    allowed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({allowed})", name=column)
