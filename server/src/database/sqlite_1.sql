CREATE TABLE cache_namespaces (
    id INTEGER PRIMARY KEY,
    name VARCHAR(100) UNIQUE NOT NULL,
    default_ttl INTEGER DEFAULT 3600,
    max_size_mb INTEGER DEFAULT 100,
    eviction_policy VARCHAR(20) DEFAULT 'LRU',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    -- Finer than the document's megabytes; where it is empty these count.
    max_size_bytes BIGINT
);
CREATE TABLE cache_access_logs (
    id INTEGER PRIMARY KEY,
    namespace VARCHAR(100) NOT NULL,
    key_pattern VARCHAR(255),
    operation VARCHAR(20) NOT NULL,
    hit BOOLEAN,
    latency_ms FLOAT,
    timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX cache_access_logs_namespace_timestamp ON cache_access_logs (namespace, timestamp);
CREATE TABLE cache_audit (
    id INTEGER PRIMARY KEY,
    namespace VARCHAR(100) NOT NULL,
    setting VARCHAR(40) NOT NULL,
    old_value VARCHAR(40) NOT NULL,
    new_value VARCHAR(40) NOT NULL,
    changed_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX cache_audit_namespace ON cache_audit (namespace, id);
