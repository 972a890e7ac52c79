CREATE TABLE nodes (
    id             TEXT PRIMARY KEY NOT NULL,
    name           TEXT NOT NULL UNIQUE,
    config         TEXT NOT NULL,
    status         TEXT NOT NULL,
    state          TEXT NOT NULL,
    state_version  INTEGER NOT NULL,
    state_reason   TEXT NOT NULL,
    state_since    INTEGER NOT NULL,
    state_deadline INTEGER,
    version        INTEGER NOT NULL,
    intent         TEXT,
    created        INTEGER NOT NULL
);

CREATE TABLE node_macs (
    mac  TEXT PRIMARY KEY NOT NULL,
    node TEXT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE
);

CREATE TABLE tokens (
    hash          BLOB PRIMARY KEY NOT NULL,
    node          TEXT NOT NULL REFERENCES nodes (id) ON DELETE CASCADE,
    purpose       TEXT NOT NULL,
    state_version INTEGER NOT NULL,
    used          INTEGER NOT NULL DEFAULT 0,
    created       INTEGER NOT NULL
);

CREATE INDEX tokens_by_node ON tokens (node, purpose);

CREATE TABLE events (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    node    TEXT REFERENCES nodes (id) ON DELETE CASCADE,
    at      INTEGER NOT NULL,
    code    TEXT NOT NULL,
    message TEXT NOT NULL,
    fields  TEXT NOT NULL
);

CREATE INDEX events_by_node ON events (node, id);
