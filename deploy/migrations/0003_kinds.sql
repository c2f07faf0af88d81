-- A kind of events is those with equal fingerprints. A bug has one kind or several; merging and splitting moves kinds.
CREATE TABLE kinds (
    id INTEGER PRIMARY KEY,
    project BIGINT NOT NULL,
    fingerprint TEXT NOT NULL,
    bug BIGINT NOT NULL,
    -- The version of what is compared; rows of another one are made anew.
    version BIGINT NOT NULL,
    features TEXT NOT NULL,
    -- Why it is that bug.
    why TEXT NOT NULL,
    -- The event that tells most, and how much that is.
    event_id TEXT NOT NULL,
    wealth BIGINT NOT NULL,
    -- How many events, whom they hit and when: triage's Impact as JSON.
    impact TEXT NOT NULL,
    UNIQUE (project, fingerprint)
);
CREATE INDEX kinds_of_bug ON kinds (bug);

INSERT INTO kinds (project, fingerprint, bug, version, features, why, event_id, wealth, impact)
    SELECT f.project, f.fingerprint, f.bug, f.version, f.features, f.why, b.event_id, b.wealth, '{}'
    FROM fingerprints f JOIN bugs b ON b.id = f.bug;
-- Bugs of a store that knew no fingerprints: version 0 is no version, so that what is compared is made.
INSERT INTO kinds (project, fingerprint, bug, version, features, why, event_id, wealth, impact)
    SELECT project, 'of ' || fingerprint, id, 0, '', 'the first', event_id, wealth, '{}'
    FROM bugs WHERE id NOT IN (SELECT bug FROM kinds);
-- What was counted of a bug counts for its first kind.
UPDATE kinds SET impact = (
        SELECT '{"n_events":' || b.count || ',"activity":{"first":' || b.first_seen || ',"last":' || b.last_seen || ',"hours":{}}}'
        FROM bugs b WHERE b.id = kinds.bug)
    WHERE id IN (SELECT min(id) FROM kinds GROUP BY bug);

ALTER TABLE events ADD COLUMN kind BIGINT NOT NULL DEFAULT 0;
UPDATE events SET kind = COALESCE((SELECT min(k.id) FROM kinds k WHERE k.bug = events.bug), 0);
ALTER TABLE events DROP COLUMN bug;
DROP TABLE fingerprints;

ALTER TABLE bugs DROP COLUMN count;
ALTER TABLE bugs DROP COLUMN first_seen;
ALTER TABLE bugs DROP COLUMN last_seen;
ALTER TABLE bugs DROP COLUMN event_id;
ALTER TABLE bugs DROP COLUMN wealth;
-- When it was said to be fixed, and in which release; when an event showed that it is not, and of which release that was.
ALTER TABLE bugs ADD COLUMN resolved_at BIGINT;
ALTER TABLE bugs ADD COLUMN resolved_in TEXT;
ALTER TABLE bugs ADD COLUMN regressed_at BIGINT;
ALTER TABLE bugs ADD COLUMN regressed_in TEXT;

CREATE TABLE releases (
    project BIGINT NOT NULL,
    name TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    PRIMARY KEY (project, name)
);

-- What people decided about bugs, in words; the newest id tells the service that they did.
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY,
    project BIGINT NOT NULL,
    bug BIGINT NOT NULL,
    at BIGINT NOT NULL,
    text TEXT NOT NULL
);
