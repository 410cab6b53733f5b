//! The API as a table: its endpoints and their possible answers. OpenAPI descriptions are made from it.

/// One method of one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// In capitals.
    pub method: &'static str,
    /// With `{namespace}` and `{key}` where they stand.
    pub path: &'static str,
    /// A name for programs.
    pub id: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// Names of the query's parameters, all optional.
    pub query: &'static [&'static str],
    /// The name of its body's schema, if it has a body.
    pub body: Option<&'static str>,
    /// The answers, without errors of the store behind the service.
    pub responses: &'static [Response],
}

/// One possible answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// When.
    pub when: &'static str,
    /// The name of its body's schema.
    pub schema: &'static str,
}

const fn response(status: u16, when: &'static str, schema: &'static str) -> Response {
    Response { status, when, schema }
}

const WRONG: Response = response(400, "The request is wrong; the body says how.", "Error");
const FULL: Response = response(507, "There is no room for it.", "Error");
const NO_KEY: Response = response(404, "There is no such entry.", "Error");

/// Every endpoint, in the order of the document that defines the API; then those that set namespaces.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: "GET",
        path: "/api/v1/cache/{namespace}/{key}",
        id: "getEntry",
        summary: "Get cached value",
        query: &[],
        body: None,
        responses: &[response(200, "The value and what is known of it.", "Entry"), WRONG, NO_KEY],
    },
    Endpoint {
        method: "PUT",
        path: "/api/v1/cache/{namespace}/{key}",
        id: "putEntry",
        summary: "Set cached value",
        query: &[],
        body: Some("NewEntry"),
        responses: &[
            response(200, "A value was replaced.", "Stored"),
            response(201, "A value came to be.", "Stored"),
            WRONG,
            FULL,
        ],
    },
    Endpoint {
        method: "DELETE",
        path: "/api/v1/cache/{namespace}/{key}",
        id: "deleteEntry",
        summary: "Delete cached value",
        query: &[],
        body: None,
        responses: &[response(200, "It is deleted.", "Deleted"), WRONG, NO_KEY],
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/cache/{namespace}/mget",
        id: "getEntries",
        summary: "Get multiple keys",
        query: &[],
        body: Some("Keys"),
        responses: &[response(200, "Each key's value and whether it was found.", "Results"), WRONG],
    },
    Endpoint {
        method: "POST",
        path: "/api/v1/cache/{namespace}/mset",
        id: "putEntries",
        summary: "Set multiple keys: all or none",
        query: &[],
        body: Some("NewEntries"),
        responses: &[response(200, "All are stored.", "StoredMany"), WRONG, FULL],
    },
    Endpoint {
        method: "DELETE",
        path: "/api/v1/cache/{namespace}",
        id: "flushNamespace",
        summary: "Flush a namespace, or those entries whose keys match a glob pattern or that have a tag",
        query: &["pattern", "tag"],
        body: None,
        responses: &[response(200, "So many are deleted.", "Flushed"), WRONG],
    },
    Endpoint {
        method: "GET",
        path: "/api/v1/cache/{namespace}/stats",
        id: "getStats",
        summary: "Get cache statistics",
        query: &[],
        body: None,
        responses: &[response(200, "What is known of the namespace's entries.", "Stats"), WRONG],
    },
    Endpoint {
        method: "GET",
        path: "/health",
        id: "getHealth",
        summary: "Health check",
        query: &[],
        body: None,
        responses: &[response(200, "The service works.", "Health")],
    },
    Endpoint {
        method: "GET",
        path: "/api/v1/namespaces",
        id: "getNamespaces",
        summary: "Get every namespace and its settings",
        query: &[],
        body: None,
        responses: &[response(200, "All, by name.", "Namespaces")],
    },
    Endpoint {
        method: "GET",
        path: "/api/v1/namespaces/{namespace}",
        id: "getSettings",
        summary: "Get the settings of a namespace",
        query: &[],
        body: None,
        responses: &[response(200, "Its settings.", "Settings"), WRONG],
    },
    Endpoint {
        method: "PUT",
        path: "/api/v1/namespaces/{namespace}",
        id: "putSettings",
        summary: "Change settings of a namespace; those that are not named stay",
        query: &[],
        body: Some("SettingsChange"),
        responses: &[response(200, "Its settings.", "Settings"), WRONG, FULL],
    },
    Endpoint {
        method: "DELETE",
        path: "/api/v1/namespaces/{namespace}",
        id: "deleteNamespace",
        summary: "Forget a namespace: its entries, counts and settings",
        query: &[],
        body: None,
        responses: &[
            response(200, "It is forgotten.", "Deleted"),
            WRONG,
            response(404, "There is no such namespace.", "Error"),
        ],
    },
    Endpoint {
        method: "GET",
        path: "/api/v1/namespaces/{namespace}/audit",
        id: "getAudit",
        summary: "Get what was changed of a namespace's settings",
        query: &[],
        body: None,
        responses: &[response(200, "The last changes, the oldest first.", "Audit"), WRONG],
    },
];
