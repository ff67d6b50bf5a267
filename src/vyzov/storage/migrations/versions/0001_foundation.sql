-- The first tables. organisation_id leads every primary key, unique index and foreign key.
-- Names, numbers, notes and cells of files stand in import_row, contact_person, contact_phone,
-- stop_number and in two columns of disposition, and nowhere else.
-- {sequence} is the one type that differs between databases.

CREATE TABLE organisation (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    number_salt TEXT NOT NULL,
    emergency_stop_at TEXT,
    created_at TEXT NOT NULL,
    CONSTRAINT pk_organisation PRIMARY KEY (id)
);

CREATE TABLE principal (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT pk_principal PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_principal_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);

CREATE TABLE floor (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    CONSTRAINT pk_floor PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_floor_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);

CREATE TABLE user_account (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    language TEXT NOT NULL,
    theme TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    principal_id TEXT,
    disabled_at TEXT,
    created_at TEXT NOT NULL,
    CONSTRAINT pk_user_account PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_principal_id_principal FOREIGN KEY(organisation_id, principal_id)
        REFERENCES principal (organisation_id, id),
    CONSTRAINT ck_user_account_role
        CHECK (role IN ('operator', 'supervisor', 'manager', 'administrator', 'customer')),
    CONSTRAINT fk_user_account_organisation FOREIGN KEY(organisation_id)
        REFERENCES organisation (id)
);
CREATE UNIQUE INDEX uq_user_account_login
    ON user_account (organisation_id, login);

CREATE TABLE web_session (
    id_hash TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    last_seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    CONSTRAINT pk_web_session PRIMARY KEY (organisation_id, id_hash),
    CONSTRAINT fk_user_id_user_account FOREIGN KEY(organisation_id, user_id)
        REFERENCES user_account (organisation_id, id),
    CONSTRAINT fk_web_session_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);
CREATE INDEX ix_web_session_id_hash
    ON web_session (id_hash);
CREATE INDEX ix_web_session_user
    ON web_session (organisation_id, user_id);

CREATE TABLE trunk (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    username TEXT NOT NULL,
    password TEXT NOT NULL,
    realm TEXT NOT NULL,
    codecs TEXT NOT NULL,
    lines_max INTEGER NOT NULL,
    calls_per_second FLOAT NOT NULL,
    active INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    CONSTRAINT pk_trunk PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_trunk_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);

CREATE TABLE contact_list (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_sha256 TEXT NOT NULL,
    rows_total INTEGER NOT NULL,
    rows_ok INTEGER NOT NULL,
    contacts INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    completed_at TEXT,
    undone_at TEXT,
    CONSTRAINT pk_contact_list PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_contact_list_organisation FOREIGN KEY(organisation_id)
        REFERENCES organisation (id)
);

CREATE TABLE import_row (
    organisation_id TEXT NOT NULL,
    list_id TEXT NOT NULL,
    "row" INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    args TEXT NOT NULL,
    raw TEXT NOT NULL,
    contact_id TEXT,
    CONSTRAINT pk_import_row PRIMARY KEY (organisation_id, list_id, "row"),
    CONSTRAINT fk_list_id_contact_list FOREIGN KEY(organisation_id, list_id)
        REFERENCES contact_list (organisation_id, id),
    CONSTRAINT ck_import_row_verdict CHECK (verdict IN ('ok', 'merged', 'duplicate', 'problem')),
    CONSTRAINT fk_import_row_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);
CREATE INDEX ix_import_row_contact
    ON import_row (organisation_id, contact_id);
CREATE INDEX ix_import_row_verdict
    ON import_row (organisation_id, list_id, verdict, "row");

CREATE TABLE contact (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    list_id TEXT NOT NULL,
    "row" INTEGER NOT NULL,
    language TEXT NOT NULL,
    stage TEXT NOT NULL,
    temperature TEXT NOT NULL,
    erased_at TEXT,
    created_at TEXT NOT NULL,
    CONSTRAINT pk_contact PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_list_id_contact_list FOREIGN KEY(organisation_id, list_id)
        REFERENCES contact_list (organisation_id, id),
    CONSTRAINT fk_contact_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);
CREATE UNIQUE INDEX uq_contact_list_row
    ON contact (organisation_id, list_id, "row");

CREATE TABLE contact_person (
    contact_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    fields TEXT NOT NULL,
    note TEXT NOT NULL,
    CONSTRAINT pk_contact_person PRIMARY KEY (organisation_id, contact_id),
    CONSTRAINT fk_contact_id_contact FOREIGN KEY(organisation_id, contact_id)
        REFERENCES contact (organisation_id, id),
    CONSTRAINT fk_contact_person_organisation FOREIGN KEY(organisation_id)
        REFERENCES organisation (id)
);

CREATE TABLE contact_phone (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    e164 TEXT NOT NULL,
    number_ref TEXT NOT NULL,
    country TEXT NOT NULL,
    zones TEXT NOT NULL,
    CONSTRAINT pk_contact_phone PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_contact_id_contact FOREIGN KEY(organisation_id, contact_id)
        REFERENCES contact (organisation_id, id),
    CONSTRAINT fk_contact_phone_organisation FOREIGN KEY(organisation_id)
        REFERENCES organisation (id)
);
CREATE UNIQUE INDEX uq_contact_phone_position
    ON contact_phone (organisation_id, contact_id, position);
CREATE INDEX ix_contact_phone_number
    ON contact_phone (organisation_id, number_ref);

CREATE TABLE consent (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    channel TEXT NOT NULL,
    source TEXT NOT NULL,
    given_at TEXT NOT NULL,
    revoked_at TEXT,
    CONSTRAINT pk_consent PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_contact_id_contact FOREIGN KEY(organisation_id, contact_id)
        REFERENCES contact (organisation_id, id),
    CONSTRAINT fk_consent_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);
CREATE INDEX ix_consent_contact
    ON consent (organisation_id, contact_id, purpose);

CREATE TABLE stop_list (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    number_ref TEXT NOT NULL,
    reason TEXT NOT NULL,
    source TEXT NOT NULL,
    attempt_id TEXT,
    valid_from TEXT NOT NULL,
    valid_to TEXT,
    CONSTRAINT pk_stop_list PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_stop_list_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);
CREATE UNIQUE INDEX uq_stop_list_standing
    ON stop_list (organisation_id, number_ref)
    WHERE valid_to IS NULL;
CREATE INDEX ix_stop_list_number
    ON stop_list (organisation_id, number_ref, valid_to);

CREATE TABLE stop_number (
    organisation_id TEXT NOT NULL,
    number_ref TEXT NOT NULL,
    e164 TEXT NOT NULL,
    CONSTRAINT pk_stop_number PRIMARY KEY (organisation_id, number_ref),
    CONSTRAINT fk_stop_number_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);

CREATE TABLE campaign (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    name TEXT NOT NULL,
    purpose TEXT NOT NULL,
    mode TEXT NOT NULL,
    state TEXT NOT NULL,
    list_id TEXT,
    floor_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    CONSTRAINT pk_campaign PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_principal_id_principal FOREIGN KEY(organisation_id, principal_id)
        REFERENCES principal (organisation_id, id),
    CONSTRAINT fk_list_id_contact_list FOREIGN KEY(organisation_id, list_id)
        REFERENCES contact_list (organisation_id, id),
    CONSTRAINT fk_floor_id_floor FOREIGN KEY(organisation_id, floor_id)
        REFERENCES floor (organisation_id, id),
    CONSTRAINT fk_campaign_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);
CREATE INDEX ix_campaign_floor
    ON campaign (organisation_id, floor_id);

CREATE TABLE campaign_version (
    organisation_id TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    settings TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to TEXT,
    CONSTRAINT pk_campaign_version PRIMARY KEY (organisation_id, campaign_id, version),
    CONSTRAINT fk_campaign_id_campaign FOREIGN KEY(organisation_id, campaign_id)
        REFERENCES campaign (organisation_id, id),
    CONSTRAINT fk_campaign_version_organisation FOREIGN KEY(organisation_id)
        REFERENCES organisation (id)
);

CREATE TABLE campaign_contact (
    organisation_id TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    state TEXT NOT NULL,
    next_due_at TEXT,
    attempts_made INTEGER NOT NULL,
    phone_position INTEGER NOT NULL,
    last_outcome TEXT,
    callback_agent TEXT,
    closed_reason TEXT,
    CONSTRAINT pk_campaign_contact PRIMARY KEY (organisation_id, campaign_id, contact_id),
    CONSTRAINT fk_campaign_id_campaign FOREIGN KEY(organisation_id, campaign_id)
        REFERENCES campaign (organisation_id, id),
    CONSTRAINT fk_contact_id_contact FOREIGN KEY(organisation_id, contact_id)
        REFERENCES contact (organisation_id, id),
    CONSTRAINT ck_campaign_contact_state
        CHECK (state IN ('fresh', 'due', 'in_call', 'callback', 'closed')),
    CONSTRAINT fk_campaign_contact_organisation FOREIGN KEY(organisation_id)
        REFERENCES organisation (id)
);
CREATE INDEX ix_campaign_contact_contact
    ON campaign_contact (organisation_id, contact_id);
CREATE INDEX ix_campaign_contact_order
    ON campaign_contact (organisation_id, campaign_id, state, next_due_at, position);

CREATE TABLE attempt (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    phone_id TEXT,
    number_ref TEXT NOT NULL,
    state TEXT NOT NULL,
    floor_id TEXT NOT NULL,
    fence INTEGER NOT NULL,
    lease_until TEXT NOT NULL,
    campaign_version INTEGER NOT NULL,
    rule_version TEXT NOT NULL,
    verdict TEXT NOT NULL,
    trunk_id TEXT NOT NULL,
    caller_id TEXT NOT NULL,
    call_id TEXT NOT NULL,
    reserved_at TEXT NOT NULL,
    originated_at TEXT,
    answered_at TEXT,
    bridged_at TEXT,
    ended_at TEXT,
    outcome TEXT,
    detail TEXT,
    sip_code INTEGER,
    q850 INTEGER,
    agent_id TEXT,
    CONSTRAINT pk_attempt PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_campaign_id_campaign FOREIGN KEY(organisation_id, campaign_id)
        REFERENCES campaign (organisation_id, id),
    CONSTRAINT fk_contact_id_contact FOREIGN KEY(organisation_id, contact_id)
        REFERENCES contact (organisation_id, id),
    CONSTRAINT ck_attempt_state CHECK (state IN ('reserved', 'originated', 'final', 'unknown')),
    CONSTRAINT fk_attempt_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);
CREATE UNIQUE INDEX uq_attempt_call_id
    ON attempt (organisation_id, call_id);
CREATE UNIQUE INDEX uq_attempt_live_contact
    ON attempt (organisation_id, contact_id)
    WHERE state IN ('reserved', 'originated');
CREATE UNIQUE INDEX uq_attempt_live_number
    ON attempt (organisation_id, number_ref)
    WHERE state IN ('reserved', 'originated');
CREATE UNIQUE INDEX uq_attempt_number
    ON attempt (organisation_id, campaign_id, contact_id, number);
CREATE INDEX ix_attempt_agent
    ON attempt (organisation_id, agent_id, reserved_at);
CREATE INDEX ix_attempt_campaign
    ON attempt (organisation_id, campaign_id, reserved_at);
CREATE INDEX ix_attempt_contact
    ON attempt (organisation_id, contact_id, reserved_at);
CREATE INDEX ix_attempt_ended
    ON attempt (organisation_id, campaign_id, ended_at, outcome);

CREATE TABLE fact (
    seq {sequence},
    organisation_id TEXT NOT NULL,
    floor_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    at TEXT NOT NULL,
    clock_id TEXT NOT NULL,
    monotonic_ns BIGINT NOT NULL,
    campaign_id TEXT,
    contact_id TEXT,
    attempt_id TEXT,
    agent_id TEXT,
    data TEXT NOT NULL,
    dedupe TEXT NOT NULL,
    CONSTRAINT fk_fact_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);
CREATE UNIQUE INDEX uq_fact_dedupe
    ON fact (organisation_id, dedupe);
CREATE INDEX ix_fact_agent
    ON fact (organisation_id, agent_id, at);
CREATE INDEX ix_fact_attempt
    ON fact (organisation_id, attempt_id);
CREATE INDEX ix_fact_campaign
    ON fact (organisation_id, campaign_id, at);
CREATE INDEX ix_fact_contact
    ON fact (organisation_id, contact_id);

CREATE TABLE callback (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    due_at TEXT NOT NULL,
    agent_id TEXT,
    state TEXT NOT NULL,
    created_at TEXT NOT NULL,
    attempt_id TEXT,
    CONSTRAINT pk_callback PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_campaign_id_campaign FOREIGN KEY(organisation_id, campaign_id)
        REFERENCES campaign (organisation_id, id),
    CONSTRAINT fk_contact_id_contact FOREIGN KEY(organisation_id, contact_id)
        REFERENCES contact (organisation_id, id),
    CONSTRAINT ck_callback_state CHECK (state IN ('open', 'kept', 'missed', 'cancelled')),
    CONSTRAINT fk_callback_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);
CREATE UNIQUE INDEX uq_callback_open
    ON callback (organisation_id, campaign_id, contact_id)
    WHERE state = 'open';
CREATE INDEX ix_callback_due
    ON callback (organisation_id, state, due_at);

CREATE TABLE recording (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    attempt_id TEXT NOT NULL,
    path TEXT NOT NULL,
    seconds FLOAT NOT NULL,
    bytes BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    finished_at TEXT NOT NULL,
    CONSTRAINT pk_recording PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_attempt_id_attempt FOREIGN KEY(organisation_id, attempt_id)
        REFERENCES attempt (organisation_id, id),
    CONSTRAINT fk_recording_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);
CREATE INDEX ix_recording_attempt
    ON recording (organisation_id, attempt_id);

CREATE TABLE disposition (
    id TEXT NOT NULL,
    organisation_id TEXT NOT NULL,
    attempt_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    agent_id TEXT,
    result TEXT NOT NULL,
    fields TEXT NOT NULL,
    note TEXT NOT NULL,
    at TEXT NOT NULL,
    undone_at TEXT,
    CONSTRAINT pk_disposition PRIMARY KEY (organisation_id, id),
    CONSTRAINT fk_attempt_id_attempt FOREIGN KEY(organisation_id, attempt_id)
        REFERENCES attempt (organisation_id, id),
    CONSTRAINT fk_disposition_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);
CREATE UNIQUE INDEX uq_disposition_standing
    ON disposition (organisation_id, attempt_id)
    WHERE undone_at IS NULL;
CREATE INDEX ix_disposition_contact
    ON disposition (organisation_id, contact_id, at);

CREATE TABLE agent_wish (
    organisation_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    wish TEXT NOT NULL,
    reason TEXT NOT NULL,
    since TEXT NOT NULL,
    CONSTRAINT pk_agent_wish PRIMARY KEY (organisation_id, agent_id),
    CONSTRAINT fk_agent_id_user_account FOREIGN KEY(organisation_id, agent_id)
        REFERENCES user_account (organisation_id, id),
    CONSTRAINT ck_agent_wish_wish CHECK (wish IN ('offline', 'pause', 'ready')),
    CONSTRAINT fk_agent_wish_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);

CREATE TABLE floor_lease (
    organisation_id TEXT NOT NULL,
    floor_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    holder TEXT NOT NULL,
    lease_until TEXT NOT NULL,
    CONSTRAINT pk_floor_lease PRIMARY KEY (organisation_id, floor_id),
    CONSTRAINT fk_floor_id_floor FOREIGN KEY(organisation_id, floor_id)
        REFERENCES floor (organisation_id, id),
    CONSTRAINT fk_floor_lease_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);

CREATE TABLE idempotency (
    organisation_id TEXT NOT NULL,
    "key" TEXT NOT NULL,
    route TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    created_at TEXT NOT NULL,
    CONSTRAINT pk_idempotency PRIMARY KEY (organisation_id, "key", route),
    CONSTRAINT fk_idempotency_organisation FOREIGN KEY(organisation_id) REFERENCES organisation (id)
);
CREATE INDEX ix_idempotency_created
    ON idempotency (created_at);
