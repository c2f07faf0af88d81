-- Times are milliseconds since 1970.
CREATE TABLE projects (
    id BIGINT PRIMARY KEY,
    public_key TEXT NOT NULL,
    redaction_key TEXT NOT NULL
);

CREATE TABLE bugs (
    id INTEGER PRIMARY KEY,
    project BIGINT NOT NULL,
    fingerprint TEXT NOT NULL,
    title TEXT NOT NULL,
    assessment TEXT NOT NULL,
    count BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    -- The event that tells most, and how much that is.
    event_id TEXT NOT NULL,
    wealth BIGINT NOT NULL,
    UNIQUE (project, fingerprint)
);

CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    project BIGINT NOT NULL,
    event_id TEXT NOT NULL,
    bug BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    -- The redacted event as JSON, compressed with zstd.
    body BLOB NOT NULL,
    UNIQUE (project, event_id)
);

-- How far each source has read, by its own keys.
CREATE TABLE checkpoints (
    project BIGINT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (project, key)
);

-- What became of the records that were read: events, and what was dropped by reason.
CREATE TABLE outcomes (
    project BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (project, outcome)
);
