//! `HashRing`.

use super::*;

pub(crate) fn obey(request: RingRequest) -> Response {
    match request {
        RingRequest::New { virtual_nodes } => item!("HashRing::new", ring_new(virtual_nodes)),
        RingRequest::Add(member) => item!("HashRing::add_node", ring_add(member)),
        RingRequest::Remove { id } => item!("HashRing::remove_node", ring_remove(id)),
        RingRequest::Owner { key } => item!("HashRing::get_node", ring_owner(key)),
        RingRequest::OwnersOf { prefix, count } => item!("HashRing::get_node", ring_owners(&prefix, count)),
        RingRequest::Replicas { key, count } => item!("HashRing::get_nodes", ring_replicas(key, count)),
        RingRequest::Members => item!("HashRing::nodes", ring_members()),
    }
}

#[cfg(item = "HashRing")]
thread_local! {
    static RING: RefCell<Option<submission::HashRing>> = const { RefCell::new(None) };
}

#[cfg(item = "HashRing::new")]
fn ring_new(virtual_nodes: u32) -> Response {
    // Without a parameter for it, the ring has as many points as its author thought right.
    #[cfg(fourth = "HashRing::new")]
    return keep_made(&RING, submission::HashRing::new());
    #[cfg(not(fourth = "HashRing::new"))]
    call!(
        "HashRing::new",
        submission::HashRing::new,
        [virtual_nodes as usize => Number::from_number(virtual_nodes.into())],
        |ring| keep(&RING, ring),
        |ring| keep_made(&RING, ring)
    )
}

#[cfg(item = "HashRing::add_node")]
fn ring_add(member: Member) -> Response {
    let mut node = Some(node_info(member));
    on(&RING, |ring| {
        call!(
            "HashRing::add_node",
            submission::HashRing::add_node,
            ring,
            [node.take().expect("it was just put there") => Own::own(&mut node)],
            plain::<()>,
            drop
        );
        Response::Done
    })
}

#[cfg(item = "HashRing::remove_node")]
fn ring_remove(id: String) -> Response {
    on(&RING, |ring| {
        call!(
            "HashRing::remove_node",
            submission::HashRing::remove_node,
            ring,
            [id.as_str() => FromText::from_text(&id)],
            plain::<()>,
            drop
        );
        Response::Done
    })
}

#[cfg(item = "HashRing::get_node")]
fn owner_of(ring: &mut submission::HashRing, key: &String) -> Option<Member> {
    call!(
        "HashRing::get_node",
        submission::HashRing::get_node,
        ring,
        [key.as_str() => FromText::from_text(key)],
        |owner: Option<&submission::NodeInfo>| owner.map(member),
        PerhapsNode::node
    )
}

#[cfg(item = "HashRing::get_node")]
fn ring_owner(key: String) -> Response {
    on(&RING, |ring| Response::Member(owner_of(ring, &key)))
}

#[cfg(item = "HashRing::get_node")]
fn ring_owners(prefix: &str, count: u32) -> Response {
    on(&RING, |ring| toolbox::owners(prefix, count, &mut |key| owner_of(ring, key)))
}

#[cfg(item = "HashRing::get_nodes")]
fn ring_replicas(key: String, count: u32) -> Response {
    on(&RING, |ring| {
        Response::Members(call!(
            "HashRing::get_nodes",
            submission::HashRing::get_nodes,
            ring,
            [key.as_str() => FromText::from_text(&key), count as usize => Number::from_number(count.into())],
            members_of,
            members
        ))
    })
}

#[cfg(item = "HashRing::nodes")]
fn ring_members() -> Response {
    on(&RING, |ring| {
        Response::Members(call!("HashRing::nodes", submission::HashRing::nodes, ring, [], members_of, members))
    })
}
