-- What a person said when the bug was muted, in a sentence; none: it is not. From which moment on, and from how many events on, it shows
-- again.
ALTER TABLE bugs ADD COLUMN muted TEXT;
ALTER TABLE bugs ADD COLUMN muted_until BIGINT;
ALTER TABLE bugs ADD COLUMN muted_count BIGINT;
