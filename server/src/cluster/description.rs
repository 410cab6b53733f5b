//! The cluster's part of the OpenAPI document.

use serde_json::{Value, json};

/// The paths and what can be asked there.
pub fn description() -> [(&'static str, Value); 4] {
    let level = json!({
        "name": "level", "in": "query", "description": "How many replicas must answer.",
        "schema": {"type": "string", "enum": ["one", "quorum", "all"], "default": "quorum"},
    });
    let key = json!({
        "name": "key", "in": "path", "required": true,
        "schema": {"type": "string", "minLength": 1, "maxLength": 1024},
    });
    let ttl = json!({
        "name": "ttl", "in": "query", "description": "Seconds; without, it lives until it is deleted.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 1_u64 << 32},
    });
    let tag = json!({"name": "tag", "in": "query", "schema": {"type": "string", "minLength": 1, "maxLength": 1024}});
    let session = json!({
        "name": "X-Cache-Session", "in": "header", "schema": {"type": "string"},
        "description": "The last token of the session, or `new`: what is read is never older than what the session has seen.",
    });
    let value = json!({"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}});
    let read = json!({
        "operationId": "getClusterKey", "summary": "A value of the cluster", "parameters": [key, level, session],
        "responses": responses(&[(200, json!({"description": "Its bytes.", "content": value}))]),
    });
    let write = json!({
        "operationId": "putClusterKey", "summary": "Stores a value in the cluster", "parameters": [key, level, ttl, tag, session],
        "requestBody": {"required": false, "content": value},
        "responses": responses(&[(200, done("As many replicas as the level says have it."))]),
    });
    let delete = json!({
        "operationId": "deleteClusterKey", "summary": "Deletes a key of the cluster", "parameters": [key, level, session],
        "responses": responses(&[(200, done("As many replicas as the level says know that it is deleted."))]),
    });
    let one = |name: &str| {
        json!({
            "type": "object", "required": [name], "additionalProperties": false,
            "properties": {name: {"type": "string", "minLength": 1, "maxLength": 1024}},
        })
    };
    let reaches = ["key", "pattern", "tag", "namespace"].map(one);
    let reach = json!({"oneOf": reaches});
    let invalidate = json!({"post": {
        "operationId": "invalidateClusterKeys", "summary": "Deletes a key, or all that a pattern, a tag or a namespace reaches",
        "parameters": [session],
        "requestBody": {"required": true, "content": {"application/json": {"schema": reach}}},
        "responses": responses(&[(200, done("A quorum of the nodes knows that they are deleted."))]),
    }});
    let status = json!({"get": {
        "operationId": "getClusterStatus", "summary": "How this node sees the cluster",
        "responses": responses(&[(200, done("Its stage, life, term, leader, ring and members, and the other nodes."))]),
    }});
    let change = json!({"oneOf": [
        {"type": "object", "required": ["join"], "additionalProperties": false,
         "properties": {"join": {"type": "string"}, "address": {"type": "string"}}},
        {"type": "object", "required": ["leave"], "additionalProperties": false,
         "properties": {"leave": {"type": "string"}}},
    ]});
    let members = json!({"post": {
        "operationId": "changeClusterMembers", "summary": "Announces a node, so that it is let in, or lets one go",
        "requestBody": {"required": true, "content": {"application/json": {"schema": change}}},
        "responses": responses(&[(202, done("It is under way, once what `to_do` says is done, if it says something; the status tells when it is over."))]),
    }});
    [
        ("/cluster/keys/{key}", json!({"get": read, "put": write, "delete": delete})),
        ("/cluster/invalidate", invalidate),
        ("/cluster/status", status),
        ("/cluster/members", members),
    ]
}

fn done(description: &str) -> Value {
    json!({"description": description, "content": {"application/json": {"schema": {"type": "object"}}}})
}

fn responses(good: &[(u16, Value)]) -> Value {
    let mut all: serde_json::Map<String, Value> = [
        (400, "Something in it is wrong; the error says what."),
        (401, "The bearer token is missing or wrong."),
        (404, "There is no such key or member, or this server is no node of a cluster."),
        (405, "It is asked in another way."),
        (408, "The body took too long to come."),
        (409, "This node, or the last one, cannot be meant."),
        (413, "The value is too large."),
        (415, "The body is compressed."),
        (503, "Too few replicas answered, or the node is not ready; try again."),
        (507, "The node's records take as much as they may."),
    ]
    .into_iter()
    .map(|(status, when)| {
        let schema = json!({"$ref": "#/components/schemas/Error"});
        (status.to_string(), json!({"description": when, "content": {"application/json": {"schema": schema}}}))
    })
    .collect();
    all.extend(good.iter().map(|(status, answer)| (status.to_string(), answer.clone())));
    Value::Object(all)
}
