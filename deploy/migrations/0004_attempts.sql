-- What came of bugs that the fixer had, the newest last.
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    project BIGINT NOT NULL,
    bug BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- fixed, cured (by the fix of another bug), unfixed or declined.
    outcome TEXT NOT NULL,
    -- What fixed it, or why it was not fixed.
    reason TEXT NOT NULL,
    -- The verified fix as `outerloop fix` prints it in JSON.
    fix TEXT,
    -- The bug's newest release then, and how much its fullest event told.
    seen_in TEXT,
    wealth BIGINT NOT NULL,
    -- What makes it like other bugs: triage's Likeness as JSON; none where it was not tried.
    likeness TEXT
);
CREATE INDEX attempts_of_bug ON attempts (bug);
