-- Which events are a bug's: what is compared of each kind of them that was seen, and why it is that bug.
CREATE TABLE fingerprints (
    project BIGINT NOT NULL,
    fingerprint TEXT NOT NULL,
    bug BIGINT NOT NULL,
    -- The version of what is compared; rows of another one are made anew.
    version BIGINT NOT NULL,
    features TEXT NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (project, fingerprint)
);
CREATE INDEX fingerprints_of_bug ON fingerprints (bug);
