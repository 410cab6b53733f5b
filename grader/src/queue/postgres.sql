CREATE TABLE IF NOT EXISTS cachedojo_packs (
    digest text PRIMARY KEY,
    body bytea NOT NULL,
    put_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS cachedojo_jobs (
    number bigint GENERATED ALWAYS AS IDENTITY,
    key text PRIMARY KEY,
    terms_id text NOT NULL,
    terms text NOT NULL,
    body bytea NOT NULL,
    outcome bytea,
    put_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS cachedojo_jobs_open ON cachedojo_jobs (number) WHERE outcome IS NULL;
CREATE TABLE IF NOT EXISTS cachedojo_workers (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS cachedojo_attempts (
    key text,
    worker bigint,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (key, worker)
);
CREATE TABLE IF NOT EXISTS cachedojo_refusals (
    terms_id text,
    worker bigint,
    why text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (terms_id, worker)
);
