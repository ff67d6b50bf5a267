"""The tables as SQLAlchemy Core knows them, for office readers, reports and migrations.

`organisation_id` leads every primary key, unique index and foreign key, so that no row can point
into another organisation. Tables marked personal are the only ones with names, numbers, notes or
free text; erasing a person empties those and leaves the rest whole. Hot-path SQL is in `queries/`.
"""

import sqlalchemy as sa

from vyzov.storage import tables_facts
from vyzov.storage.columns import (
    int_,
    key,
    maybe_int,
    maybe_text,
    metadata,
    of,
    of_organisation,
    one_of,
    text,
)

# ---- the organisation, its people, its trunks ----------------------------------------------------

organisation = sa.Table(
    "organisation",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    text("name"),
    text("number_salt"),
    maybe_text("emergency_stop_at"),
    text("created_at"),
    # Whether a pause may carry words that are no reason of the list, and whose sign-in needs two factors.
    sa.Column("pause_free_text", sa.Integer, nullable=False, server_default="1"),
    text("second_factor_roles", default="[]"),
)

principal = sa.Table("principal", metadata, text("id"), of_organisation(), text("name"), key("id"))

floor = sa.Table(
    "floor", metadata, text("id"), of_organisation(), text("name"), text("created_at"), key("id")
)

user_account = sa.Table(
    "user_account",
    metadata,
    text("id"),
    of_organisation(),
    text("login"),
    text("name"),
    text("role"),
    text("language"),
    text("theme"),
    text("password_hash"),
    maybe_text("principal_id"),
    maybe_text("disabled_at"),
    text("created_at"),
    text("floor_id", default=""),
    text("team_id", default=""),
    # Of RFC 6238; `totp_step` is the last time step whose code was taken.
    text("totp_secret", default=""),
    maybe_text("totp_since"),
    sa.Column("totp_step", sa.Integer, nullable=False, server_default="0"),
    key("id"),
    of("principal_id", "principal"),
    one_of("role", "operator", "supervisor", "manager", "administrator", "customer"),
    sa.Index("uq_user_account_login", "organisation_id", "login", unique=True),
)

web_session = sa.Table(
    "web_session",
    metadata,
    text("id_hash"),
    of_organisation(),
    text("user_id"),
    text("created_at"),
    text("last_seen_at"),
    text("expires_at"),
    text("device", default=""),
    text("source", default=""),
    key("id_hash"),
    of("user_id", "user_account"),
    # The cookie is all a request brings: its organisation is found by the session, not before it.
    sa.Index("ix_web_session_id_hash", "id_hash"),
    sa.Index("ix_web_session_user", "organisation_id", "user_id"),
)

trunk = sa.Table(
    "trunk",
    metadata,
    text("id"),
    of_organisation(),
    text("name"),
    text("host"),
    int_("port"),
    text("username"),
    text("password"),
    text("realm"),
    text("codecs"),
    int_("lines_max"),
    sa.Column("calls_per_second", sa.Float, nullable=False),
    int_("active"),
    text("created_at"),
    text("options", default="{}"),
    key("id"),
)

# ---- lists and contacts --------------------------------------------------------------------------

contact_list = sa.Table(
    "contact_list",
    metadata,
    text("id"),
    of_organisation(),
    text("name"),
    text("file_name"),
    text("file_sha256"),
    int_("rows_total"),
    int_("rows_ok"),
    int_("contacts"),
    text("created_at"),
    # A list is seen from here on: rows are written in several short transactions before.
    maybe_text("completed_at"),
    maybe_text("undone_at"),
    # Titles of its columns and what they were for: the next file of these titles is read so.
    text("reading", default="{}"),
    key("id"),
)

# Personal: `raw` and `args` hold cells as they stood in the file, `replaced` what a row changed on
# a contact of another list.
import_row = sa.Table(
    "import_row",
    metadata,
    of_organisation(),
    text("list_id"),
    sa.Column("row", sa.Integer, nullable=False),
    text("verdict"),
    text("reason"),
    text("args"),
    text("raw"),
    maybe_text("contact_id"),
    text("replaced", default=""),
    sa.PrimaryKeyConstraint("organisation_id", "list_id", "row"),
    of("list_id", "contact_list"),
    one_of("verdict", "ok", "merged", "duplicate", "problem"),
    sa.Index("ix_import_row_verdict", "organisation_id", "list_id", "verdict", "row"),
    sa.Index("ix_import_row_contact", "organisation_id", "contact_id"),
)

contact = sa.Table(
    "contact",
    metadata,
    text("id"),
    of_organisation(),
    text("list_id"),
    int_("row"),
    text("language"),
    text("stage"),
    text("temperature"),
    maybe_text("erased_at"),
    text("created_at"),
    key("id"),
    of("list_id", "contact_list"),
    sa.Index("uq_contact_list_row", "organisation_id", "list_id", "row", unique=True),
)

# Personal.
contact_person = sa.Table(
    "contact_person",
    metadata,
    text("contact_id"),
    of_organisation(),
    text("name"),
    text("name_folded"),
    text("fields"),
    text("note"),
    key("contact_id"),
    of("contact_id", "contact"),
)

# Personal.
contact_phone = sa.Table(
    "contact_phone",
    metadata,
    text("id"),
    of_organisation(),
    text("contact_id"),
    int_("position"),
    text("e164"),
    text("number_ref"),
    text("country"),
    text("zones"),
    key("id"),
    of("contact_id", "contact"),
    sa.Index("uq_contact_phone_position", "organisation_id", "contact_id", "position", unique=True),
    sa.Index("ix_contact_phone_number", "organisation_id", "number_ref"),
)

consent = sa.Table(
    "consent",
    metadata,
    text("id"),
    of_organisation(),
    text("contact_id"),
    text("purpose"),
    text("channel"),
    text("source"),
    text("given_at"),
    maybe_text("revoked_at"),
    key("id"),
    of("contact_id", "contact"),
    sa.Index("ix_consent_contact", "organisation_id", "contact_id", "purpose"),
)

stop_list = sa.Table(
    "stop_list",
    metadata,
    text("id"),
    of_organisation(),
    text("number_ref"),
    text("reason"),
    text("source"),
    maybe_text("attempt_id"),
    text("valid_from"),
    maybe_text("valid_to"),
    key("id"),
    sa.Index(
        "uq_stop_list_standing",
        "organisation_id",
        "number_ref",
        unique=True,
        sqlite_where=sa.text("valid_to IS NULL"),
        postgresql_where=sa.text("valid_to IS NULL"),
    ),
    sa.Index("ix_stop_list_number", "organisation_id", "number_ref", "valid_to"),
)

# Personal: the numbers of stop-list entries somebody typed in, so that a person can read the list.
stop_number = sa.Table(
    "stop_number", metadata, of_organisation(), text("number_ref"), text("e164"), key("number_ref")
)

# ---- campaigns -----------------------------------------------------------------------------------

campaign = sa.Table(
    "campaign",
    metadata,
    text("id"),
    of_organisation(),
    text("principal_id"),
    text("name"),
    text("purpose"),
    text("mode"),
    text("state"),
    maybe_text("list_id"),
    text("floor_id"),
    text("created_at"),
    # The list in which people stand who came one by one, empty before the first of them.
    text("lead_list_id", default=""),
    key("id"),
    of("principal_id", "principal"),
    of("list_id", "contact_list"),
    of("floor_id", "floor"),
    sa.Index("ix_campaign_floor", "organisation_id", "floor_id"),
)

campaign_version = sa.Table(
    "campaign_version",
    metadata,
    of_organisation(),
    text("campaign_id"),
    sa.Column("version", sa.Integer, nullable=False),
    text("settings"),
    text("valid_from"),
    maybe_text("valid_to"),
    sa.PrimaryKeyConstraint("organisation_id", "campaign_id", "version"),
    of("campaign_id", "campaign"),
)

campaign_contact = sa.Table(
    "campaign_contact",
    metadata,
    of_organisation(),
    text("campaign_id"),
    text("contact_id"),
    int_("position"),
    text("state"),
    maybe_text("next_due_at"),
    int_("attempts_made"),
    int_("phone_position"),
    maybe_text("last_outcome"),
    maybe_text("callback_agent"),
    maybe_text("closed_reason"),
    text("failover_of", default=""),
    text("tried", default="[]"),
    # Where it stands in the look-ahead, and the state it came from: see `tables_hopper`.
    sa.Column("zone_bucket", sa.Integer, nullable=False, server_default="0"),
    text("state_before", default=""),
    sa.PrimaryKeyConstraint("organisation_id", "campaign_id", "contact_id"),
    of("campaign_id", "campaign"),
    of("contact_id", "contact"),
    one_of("state", "fresh", "due", "in_call", "callback", "closed"),
    # The hopper reads one state and bucket at a time in calling order: the index is that order.
    sa.Index(
        "ix_campaign_contact_next",
        "organisation_id",
        "campaign_id",
        "state",
        "zone_bucket",
        "next_due_at",
        "position",
    ),
    sa.Index("ix_campaign_contact_contact", "organisation_id", "contact_id"),
)

# ---- calls ---------------------------------------------------------------------------------------

_OPEN = "state IN ('reserved', 'originated')"

attempt = sa.Table(
    "attempt",
    metadata,
    text("id"),
    of_organisation(),
    text("campaign_id"),
    text("contact_id"),
    int_("number"),
    maybe_text("phone_id"),
    text("number_ref"),
    text("state"),
    text("floor_id"),
    int_("fence"),
    text("lease_until"),
    int_("campaign_version"),
    text("rule_version"),
    text("verdict"),
    text("trunk_id"),
    text("caller_id"),
    text("call_id"),
    text("reserved_at"),
    maybe_text("originated_at"),
    maybe_text("answered_at"),
    maybe_text("bridged_at"),
    maybe_text("ended_at"),
    maybe_text("outcome"),
    maybe_text("detail"),
    maybe_int("sip_code"),
    maybe_int("q850"),
    maybe_text("agent_id"),
    text("failover_of", default=""),
    key("id"),
    of("campaign_id", "campaign"),
    of("contact_id", "contact"),
    one_of("state", "reserved", "originated", "final", "unknown"),
    sa.Index(
        "uq_attempt_number",
        "organisation_id",
        "campaign_id",
        "contact_id",
        "number",
        "failover_of",
        unique=True,
    ),
    sa.Index(
        "uq_attempt_live_number",
        "organisation_id",
        "number_ref",
        unique=True,
        sqlite_where=sa.text(_OPEN),
        postgresql_where=sa.text(_OPEN),
    ),
    sa.Index(
        "uq_attempt_live_contact",
        "organisation_id",
        "contact_id",
        unique=True,
        sqlite_where=sa.text(_OPEN),
        postgresql_where=sa.text(_OPEN),
    ),
    sa.Index("uq_attempt_call_id", "organisation_id", "call_id", unique=True),
    sa.Index("ix_attempt_contact", "organisation_id", "contact_id", "reserved_at"),
    sa.Index("ix_attempt_campaign", "organisation_id", "campaign_id", "reserved_at"),
    sa.Index("ix_attempt_ended", "organisation_id", "campaign_id", "ended_at", "outcome"),
    sa.Index("ix_attempt_agent", "organisation_id", "agent_id", "reserved_at"),
)

fact, fact_head = tables_facts.fact, tables_facts.fact_head

callback = sa.Table(
    "callback",
    metadata,
    text("id"),
    of_organisation(),
    text("campaign_id"),
    text("contact_id"),
    text("due_at"),
    maybe_text("agent_id"),
    text("state"),
    text("created_at"),
    maybe_text("attempt_id"),
    # Why somebody of the office took it back.
    text("reason", default=""),
    key("id"),
    of("campaign_id", "campaign"),
    of("contact_id", "contact"),
    one_of("state", "open", "kept", "missed", "cancelled"),
    sa.Index(
        "uq_callback_open",
        "organisation_id",
        "campaign_id",
        "contact_id",
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    ),
    sa.Index("ix_callback_due", "organisation_id", "state", "due_at"),
)

recording = sa.Table(
    "recording",
    metadata,
    text("id"),
    of_organisation(),
    text("attempt_id"),
    text("path"),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    text("sha256"),
    text("finished_at"),
    key("id"),
    of("attempt_id", "attempt"),
    sa.Index("ix_recording_attempt", "organisation_id", "attempt_id"),
)

# `fields` and `note` are personal; the rest stays when the person is erased.
disposition = sa.Table(
    "disposition",
    metadata,
    text("id"),
    of_organisation(),
    text("attempt_id"),
    text("contact_id"),
    maybe_text("agent_id"),
    text("result"),
    text("fields"),
    text("note"),
    text("at"),
    maybe_text("undone_at"),
    key("id"),
    of("attempt_id", "attempt"),
    sa.Index(
        "uq_disposition_standing",
        "organisation_id",
        "attempt_id",
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    ),
    sa.Index("ix_disposition_contact", "organisation_id", "contact_id", "at"),
)

agent_wish = sa.Table(
    "agent_wish",
    metadata,
    of_organisation(),
    text("agent_id"),
    text("wish"),
    text("reason"),
    text("since"),
    key("agent_id"),
    of("agent_id", "user_account"),
    one_of("wish", "offline", "pause", "ready"),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    of_organisation(),
    text("key"),
    text("route"),
    int_("status"),
    text("body"),
    text("created_at"),
    key("key", "route"),
    sa.Index("ix_idempotency_created", "created_at"),
)
