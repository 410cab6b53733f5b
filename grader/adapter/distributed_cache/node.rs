//! `CacheNode`.

use super::*;

pub(crate) fn obey(request: NodeRequest) -> Response {
    match request {
        NodeRequest::New { max_memory, policy } => item!("CacheNode::new", node_new(max_memory, policy)),
        NodeRequest::Get { key } => item!("CacheNode::get", node_get(key)),
        NodeRequest::Set { key, value, ttl_ms } => item!("CacheNode::set", node_set(key, value, ttl_ms)),
        NodeRequest::Delete { key } => item!("CacheNode::delete", node_delete(key)),
        NodeRequest::Incr { key, delta } => item!("CacheNode::incr", node_incr(key, delta)),
        NodeRequest::Touch { key, ttl_ms } => item!("CacheNode::touch", node_touch(key, ttl_ms)),
        NodeRequest::CleanExpired => item!("CacheNode::clean_expired", node_clean_expired()),
        NodeRequest::Stats => item!("CacheNode::stats", node_stats()),
    }
}

#[cfg(item = "CacheNode")]
thread_local! {
    static NODE: RefCell<Option<submission::CacheNode>> = const { RefCell::new(None) };
}

#[cfg(item = "CacheNode::new")]
fn node_new(max_memory: u64, eviction_policy: Policy) -> Response {
    let mut policy = match policy(eviction_policy) {
        Ok(policy) => Some(policy),
        Err(response) => return response,
    };
    // Without a parameter for it, the policy is the one that every row but two asks for.
    #[cfg(fourth = "CacheNode::new")]
    return match eviction_policy {
        Policy::Lru => keep_made(&NODE, submission::CacheNode::new(Number::from_number(max_memory.into()))),
        _ => not_implemented("CacheNode::new with a policy"),
    };
    #[cfg(not(fourth = "CacheNode::new"))]
    call!(
        "CacheNode::new",
        submission::CacheNode::new,
        [
            size(max_memory) => Number::from_number(max_memory.into()),
            policy.take().expect("it was just put there") => Own::own(&mut policy)
        ],
        |node| keep(&NODE, node),
        |node| keep_made(&NODE, node)
    )
}

#[cfg(item = "CacheNode::get")]
fn node_get(key: String) -> Response {
    on(&NODE, |node| {
        Response::Entry(call!(
            "CacheNode::get",
            submission::CacheNode::get,
            node,
            [key.as_str() => FromText::from_text(&key)],
            value_of,
            Value::value
        ))
    })
}

#[cfg(item = "CacheNode::set")]
fn node_set(key: String, value: Vec<u8>, ttl_ms: Option<u64>) -> Response {
    // `None` is no failure here: it may be the value that was there before.
    #[cfg(fourth = "CacheNode::set")]
    return match ttl_ms {
        None => on(&NODE, |node| {
            let stored = submission::CacheNode::set(node, FromText::from_text(&key), FromBytes::from_bytes(&value));
            Response::Bool(awaited!("CacheNode::set", stored).truth(true))
        }),
        Some(_) => not_implemented("CacheNode::set with a time to live"),
    };
    #[cfg(not(fourth = "CacheNode::set"))]
    on(&NODE, |node| {
        Response::Bool(call!(
            "CacheNode::set",
            submission::CacheNode::set,
            node,
            [
                key => FromText::from_text(&key),
                value => FromBytes::from_bytes(&value),
                ttl(ttl_ms) => Ttl::from_ttl(ttl(ttl_ms))
            ],
            plain::<bool>,
            |stored| Truth::truth(stored, true)
        ))
    })
}

#[cfg(item = "CacheNode::delete")]
fn node_delete(key: String) -> Response {
    on(&NODE, |node| {
        Response::Bool(call!(
            "CacheNode::delete",
            submission::CacheNode::delete,
            node,
            [key.as_str() => FromText::from_text(&key)],
            plain::<bool>,
            |deleted| Truth::truth(deleted, false)
        ))
    })
}

#[cfg(item = "CacheNode::incr")]
fn node_incr(key: String, delta: i64) -> Response {
    on(&NODE, |node| {
        Response::Number(call!(
            "CacheNode::incr",
            submission::CacheNode::incr,
            node,
            [key.as_str() => FromText::from_text(&key), delta => Number::from_number(delta.into())],
            plain::<Option<i64>>,
            PerhapsNumber::perhaps
        ))
    })
}

#[cfg(item = "CacheNode::touch")]
fn node_touch(key: String, ttl_ms: u64) -> Response {
    on(&NODE, |node| {
        Response::Bool(call!(
            "CacheNode::touch",
            submission::CacheNode::touch,
            node,
            [
                key.as_str() => FromText::from_text(&key),
                Duration::from_millis(ttl_ms) => Ttl::from_ttl(ttl(Some(ttl_ms)))
            ],
            plain::<bool>,
            |touched| Truth::truth(touched, false)
        ))
    })
}

#[cfg(item = "CacheNode::clean_expired")]
fn node_clean_expired() -> Response {
    on(&NODE, |node| {
        Response::Count(call!(
            "CacheNode::clean_expired",
            submission::CacheNode::clean_expired,
            node,
            [],
            |cleaned: usize| cleaned as u64,
            Count::count
        ))
    })
}

#[cfg(item = "CacheNode::stats")]
fn node_stats() -> Response {
    on(&NODE, |node| {
        Response::Stats(call!("CacheNode::stats", submission::CacheNode::stats, node, [], stats, Counters::counters))
    })
}
