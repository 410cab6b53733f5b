//! `DistributedCache`.

use super::*;

pub(crate) fn obey(request: ClusterRequest) -> Response {
    match request {
        ClusterRequest::New(config) => item!("DistributedCache::new", cluster_new(config)),
        ClusterRequest::Add { id, addr } => item!("DistributedCache::add_server", cluster_add(id, addr)),
        ClusterRequest::Remove { id } => item!("DistributedCache::remove_server", cluster_remove(id)),
        ClusterRequest::ServersFor { key } => item!("DistributedCache::servers_for_key", cluster_servers(key)),
        ClusterRequest::Rebalance => item!("DistributedCache::rebalance", cluster_rebalance()),
        ClusterRequest::Execute(command) => item!("DistributedCache::execute", cluster_execute(command)),
    }
}

#[cfg(item = "DistributedCache")]
thread_local! {
    static CLUSTER: RefCell<Option<submission::DistributedCache>> = const { RefCell::new(None) };
}

#[cfg(item = "DistributedCache::new")]
fn cluster_new(settings: Config) -> Response {
    let mut config = match config(settings) {
        Ok(config) => Some(config),
        Err(response) => return response,
    };
    call!(
        "DistributedCache::new",
        submission::DistributedCache::new,
        [config.take().expect("it was just put there") => Own::own(&mut config)],
        |cluster| keep(&CLUSTER, cluster),
        |cluster| keep_made(&CLUSTER, cluster)
    )
}

#[cfg(item = "DistributedCache::add_server")]
fn cluster_add(id: String, addr: String) -> Response {
    on(&CLUSTER, |cluster| {
        call!(
            "DistributedCache::add_server",
            submission::DistributedCache::add_server,
            cluster,
            [id => FromText::from_text(&id), addr => FromText::from_text(&addr)],
            plain::<()>,
            drop
        );
        Response::Done
    })
}

#[cfg(item = "DistributedCache::remove_server")]
fn cluster_remove(id: String) -> Response {
    on(&CLUSTER, |cluster| {
        call!(
            "DistributedCache::remove_server",
            submission::DistributedCache::remove_server,
            cluster,
            [id.as_str() => FromText::from_text(&id)],
            plain::<()>,
            drop
        );
        Response::Done
    })
}

#[cfg(item = "DistributedCache::servers_for_key")]
fn cluster_servers(key: String) -> Response {
    on(&CLUSTER, |cluster| {
        Response::Members(call!(
            "DistributedCache::servers_for_key",
            submission::DistributedCache::servers_for_key,
            cluster,
            [key.as_str() => FromText::from_text(&key)],
            members_of,
            members
        ))
    })
}

#[cfg(item = "DistributedCache::rebalance")]
fn cluster_rebalance() -> Response {
    on(&CLUSTER, |cluster| {
        call!("DistributedCache::rebalance", submission::DistributedCache::rebalance, cluster, [], wait, drop);
        Response::Done
    })
}

#[cfg(item = "DistributedCache::execute")]
fn cluster_execute(request: Command) -> Response {
    let mut request = match command(request) {
        Ok(command) => Some(command),
        Err(response) => return response,
    };
    on(&CLUSTER, |cluster| {
        Response::Reply(call!(
            "DistributedCache::execute",
            submission::DistributedCache::execute,
            cluster,
            [request.take().expect("it was just put there") => Own::own(&mut request)],
            |response| reply(wait(response)),
            Replied::replied
        ))
    })
}

/// A response, perhaps wrapped.
#[cfg(all(item = "CacheResponse", loose))]
trait Replied {
    fn replied(self) -> Reply;
}

#[cfg(all(item = "CacheResponse", loose))]
impl Replied for submission::CacheResponse {
    fn replied(self) -> Reply {
        reply(self)
    }
}

#[cfg(all(item = "CacheResponse", loose))]
impl<E> Replied for Result<submission::CacheResponse, E> {
    fn replied(self) -> Reply {
        self.map_or_else(|_| Reply::Error(String::from("an `Err`")), reply)
    }
}

#[cfg(all(item = "CacheResponse", loose))]
impl Replied for Option<submission::CacheResponse> {
    fn replied(self) -> Reply {
        self.map_or(Reply::Value(None), reply)
    }
}
