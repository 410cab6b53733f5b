//! The API's OpenAPI description, generated from the engine's table of endpoints.

use cachedojo::protocol::rest::{
    ENDPOINTS, Endpoint, Eviction, KEY_CHARS_MAX, KEYS_MAX, NAMESPACE_BYTES_MAX, TAG_CHARS_MAX, TAGS_MAX,
};
use serde_json::{Map, Value, json};

const UNAUTHORIZED: &str = "The bearer token is missing or wrong.";

/// The OpenAPI 3.1 document of a server that asks for a token, or of one that does not: then there is nothing to be authorized by.
pub fn document(has_token: bool) -> String {
    let mut paths = Map::new();
    for endpoint in ENDPOINTS {
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method.to_ascii_lowercase()] = operation(endpoint);
    }
    paths.insert(
        "/metrics".to_owned(),
        json!({"get": {
            "operationId": "getMetrics",
            "summary": "Counters, as Prometheus reads them",
            "responses": {
                "200": {"description": "All of them.", "content": {"text/plain": {"schema": {"type": "string"}}}},
                "401": answer(UNAUTHORIZED, "Error"),
            },
        }}),
    );
    for (path, operations) in crate::cluster::description() {
        paths.insert(path.to_owned(), operations);
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Cachedojo cache service",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A distributed cache's REST API. Every body is JSON; an error's is {\"error\": text}.",
        },
        "paths": paths,
        "components": {"schemas": schemas()},
    });
    if has_token {
        document["components"]["securitySchemes"] = json!({"token": {"type": "http", "scheme": "bearer"}});
        document["security"] = json!([{"token": []}]);
        // A load balancer asks for health without a token.
        document["paths"]["/health"]["get"]["security"] = json!([]);
    }
    document.to_string()
}

fn operation(endpoint: &Endpoint) -> Value {
    let in_path = ["namespace", "key"].into_iter().filter(|name| endpoint.path.contains(&format!("{{{name}}}")));
    let in_path = in_path.map(|name| json!({"name": name, "in": "path", "required": true, "schema": reference(name)}));
    let in_query = endpoint.query.iter();
    let in_query =
        in_query.map(|name| json!({"name": name, "in": "query", "schema": {"type": "string", "minLength": 1}}));
    let mut operation = json!({
        "operationId": endpoint.id,
        "summary": endpoint.summary,
        "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
        "responses": responses(endpoint),
    });
    if let Some(schema) = endpoint.body {
        operation["requestBody"] =
            json!({"required": true, "content": {"application/json": {"schema": reference(schema)}}});
    }
    operation
}

fn responses(endpoint: &Endpoint) -> Value {
    let mut responses = Map::new();
    for response in endpoint.responses {
        responses.insert(response.status.to_string(), answer(response.when, response.schema));
    }
    for (status, when) in [
        (401, UNAUTHORIZED),
        (408, "The body took too long to come."),
        (413, "The body is too large."),
        (415, "The body is compressed."),
        (503, "There is no place for one more, or the store does not answer; try again."),
        (504, "The store took too long."),
    ] {
        responses.insert(status.to_string(), answer(when, "Error"));
    }
    if endpoint.id == "getEntry" {
        let header = |kind: &str| json!({"schema": {"type": kind}});
        responses["200"]["headers"] = json!({"X-Cache-Hit": header("boolean"), "X-Cache-TTL": header("integer")});
        responses["404"]["headers"] = json!({"X-Cache-Hit": header("boolean")});
    }
    if endpoint.id == "getHealth" {
        // A load balancer asks for health without a token.
        responses.remove("401");
        for (status, when) in [
            (503, "The store does not answer, or this node of a cluster serves nobody."),
            (504, "The store took too long."),
        ] {
            responses[&status.to_string()] = answer(when, "Unhealthy");
        }
    }
    Value::Object(responses)
}

fn answer(when: &str, schema: &str) -> Value {
    json!({"description": when, "content": {"application/json": {"schema": reference(schema)}}})
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn schemas() -> Value {
    let count = || json!({"type": "integer", "minimum": 0});
    let date = || json!({"type": "string", "format": "date-time"});
    let yes = || json!({"type": "boolean"});
    let text = || json!({"type": "string"});
    let tags = json!({
        "type": ["array", "null"],
        "items": {"type": "string", "minLength": 1, "maxLength": TAG_CHARS_MAX},
        "maxItems": TAGS_MAX,
    });
    let ttl =
        json!({"type": ["integer", "null"], "minimum": 0, "description": "Seconds; none, null and 0: the default."});
    let policies: Vec<String> = Eviction::names().collect();
    let settings = json!({
        "name": reference("namespace"), "default_ttl": count(), "max_size_mb": {"type": "number"},
        "max_size_bytes": count(), "eviction_policy": {"type": "string", "enum": policies},
        "created_at": {"type": ["string", "null"], "format": "date-time"},
    });
    let entry = json!({"value": {}, "ttl": ttl, "tags": tags});
    let mut keyed = entry.clone();
    keyed["key"] = reference("key");
    json!({
        "namespace": {"type": "string", "pattern": format!("^[A-Za-z0-9_-]{{1,{NAMESPACE_BYTES_MAX}}}$")},
        "key": {
            "type": "string", "minLength": 1, "maxLength": KEY_CHARS_MAX, "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$",
            "description": "At most 255 characters, none of them a control character.",
        },
        "Error": object(&json!({"error": text()}), &[]),
        "Entry": object(&json!({"value": {}, "metadata": object(&json!({
            "ttl_remaining": count(), "created_at": date(), "last_accessed": date(), "access_count": count(),
            "size_bytes": count(), "tags": {"type": "array", "items": text()},
        }), &["tags"])}), &[]),
        "NewEntry": object(&entry, &["ttl", "tags"]),
        "Stored": object(&json!({"success": yes(), "key": text(), "created": yes()}), &[]),
        "Deleted": object(&json!({"success": yes(), "deleted": yes()}), &[]),
        "Keys": object(&json!({"keys": {"type": "array", "items": reference("key"), "maxItems": KEYS_MAX}}), &[]),
        "Results": object(&json!({
            "results": {"type": "object", "additionalProperties": object(&json!({"value": {}, "found": yes()}), &[])},
            "hits": count(), "misses": count(),
        }), &[]),
        "NewEntries": object(&json!({
            "entries": {"type": "array", "items": object(&keyed, &["ttl", "tags"]), "maxItems": KEYS_MAX},
        }), &[]),
        "StoredMany": object(&json!({"success": yes(), "stored": count()}), &[]),
        "Flushed": object(&json!({"success": yes(), "deleted_count": count()}), &[]),
        "Stats": object(&json!({
            "hits": count(), "misses": count(), "hit_rate": {"type": "number", "minimum": 0, "maximum": 1},
            "total_keys": count(), "memory_used_mb": {"type": "number", "minimum": 0}, "memory_used_bytes": count(),
            "evictions": count(),
        }), &[]),
        "Health": object(&json!({
            "status": {"const": "healthy"}, "redis": {"const": "connected"},
            "memory_usage": {"type": "string", "pattern": "^[0-9]+%$"},
            "store": {"enum": ["memory", "redis", "redis cluster"], "description": "What `redis` stands for here."},
        }), &[]),
        "Unhealthy": object(&json!({
            "status": {"const": "unhealthy"}, "redis": {"enum": ["disconnected", "connected"]}, "error": text(),
        }), &[]),
        "Namespaces": object(&json!({"namespaces": {"type": "array", "items": reference("Settings")}}), &[]),
        "Settings": object(&settings, &[]),
        "SettingsChange": {
            "type": "object", "additionalProperties": false,
            "properties": {
                "default_ttl": {"type": "integer", "minimum": 1, "maximum": i32::MAX},
                "max_size_mb": {"type": "integer", "minimum": 1, "maximum": i32::MAX},
                "max_size_bytes": {"type": "integer", "minimum": 1, "maximum": i64::from(i32::MAX) << 20},
                "eviction_policy": {"type": "string", "enum": policies},
            },
            "not": {"required": ["max_size_mb", "max_size_bytes"]},
        },
        "Audit": object(&json!({"changes": {"type": "array", "items": object(&json!({
            "changed_at": date(), "setting": text(), "old": text(), "new": text(),
        }), &[])}}), &[]),
    })
}

/// An object all of whose properties are required, except these.
fn object(properties: &Value, optional: &[&str]) -> Value {
    let names = properties.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let required: Vec<&str> = names.filter(|name| !optional.contains(name)).collect();
    json!({"type": "object", "properties": properties, "required": required})
}
