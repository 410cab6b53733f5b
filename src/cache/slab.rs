//! A slab: nodes in one vector, named by `u32` indices, and doubly linked lists threaded through them.
//!
//! Indices instead of pointers keep a node small (four bytes a link), keep the neighbours of a hot entry in few cache
//! lines, need no `unsafe`, and make cloning a whole cache a plain copy.

/// No node: the end of the free list, or a deadline that is not set.
pub(crate) const NIL: u32 = u32::MAX;

/// One slot: an item, its place in one list, and two words that belong to others.
#[derive(Debug, Clone)]
pub(crate) struct Node<T> {
    /// What is kept.
    pub(crate) item: T,
    prev: u32,
    next: u32,
    /// The policy's word: a visited bit, a frequency, a bucket.
    pub(crate) mark: u32,
    /// The place in the heap of deadlines; [`NIL`] without a deadline.
    pub(crate) timer: u32,
}

/// A circular list: the index of its sentinel node. A sentinel makes linking and unlinking free of branches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct List(u32);

/// Nodes, and the free ones among them chained for reuse. Every operation is O(1).
#[derive(Debug, Clone)]
pub(crate) struct Slab<T> {
    nodes: Vec<Node<T>>,
    free: u32,
}

impl<T: Default> Slab<T> {
    /// An empty slab.
    pub(crate) const fn new() -> Self {
        Self { nodes: Vec::new(), free: NIL }
    }

    /// Takes a slot for `item`, in no list yet.
    #[inline]
    pub(crate) fn take_slot(&mut self, item: T) -> u32 {
        let i = self.free;
        if i == NIL {
            let i = u32::try_from(self.nodes.len()).expect("a cache holds fewer than 2^32 entries");
            if self.nodes.len() == self.nodes.capacity() {
                // By a sixteenth, not to the double: slots that nobody uses yet are all overhead.
                self.nodes.reserve_exact((self.nodes.len() / 16).max(8));
            }
            self.nodes.push(Node { item, prev: i, next: i, mark: 0, timer: NIL });
            return i;
        }
        let node = &mut self.nodes[i as usize];
        self.free = node.next;
        node.item = item;
        node.mark = 0;
        i
    }

    /// Gives the slot back; it must be in no list.
    #[inline]
    pub(crate) fn give_slot(&mut self, i: u32) -> T {
        let free = self.free;
        self.free = i;
        let node = &mut self.nodes[i as usize];
        node.next = free;
        std::mem::take(&mut node.item)
    }

    /// A new empty list; its sentinel occupies a slot.
    pub(crate) fn new_list(&mut self) -> List {
        let i = self.take_slot(T::default());
        let node = &mut self.nodes[i as usize];
        node.prev = i;
        node.next = i;
        List(i)
    }

    /// Gives the sentinel of an empty list back.
    pub(crate) fn drop_list(&mut self, list: List) {
        self.give_slot(list.0);
    }
}

impl<T> Slab<T> {
    #[inline]
    pub(crate) fn node(&self, i: u32) -> &Node<T> {
        &self.nodes[i as usize]
    }

    #[inline]
    pub(crate) fn node_mut(&mut self, i: u32) -> &mut Node<T> {
        &mut self.nodes[i as usize]
    }

    /// Links node `i` in as the newest of `list`.
    #[inline]
    pub(crate) fn push_front(&mut self, list: List, i: u32) {
        self.link(i, list.0);
    }

    /// Links node `i` into `list` just before `newer` came in; as the newest of all when that is `None`.
    #[inline]
    pub(crate) fn push_older(&mut self, list: List, i: u32, newer: Option<u32>) {
        self.link(i, newer.unwrap_or(list.0));
    }

    #[inline]
    fn link(&mut self, i: u32, prev: u32) {
        let next = std::mem::replace(&mut self.nodes[prev as usize].next, i);
        let node = &mut self.nodes[i as usize];
        node.prev = prev;
        node.next = next;
        self.nodes[next as usize].prev = i;
    }

    /// Takes node `i` out of whatever list it is in.
    #[inline]
    pub(crate) fn unlink(&mut self, i: u32) {
        let Node { prev, next, .. } = self.nodes[i as usize];
        self.nodes[prev as usize].next = next;
        self.nodes[next as usize].prev = prev;
    }

    /// The oldest node of `list`.
    #[inline]
    pub(crate) fn back(&self, list: List) -> Option<u32> {
        self.newer(list, list.0)
    }

    /// The newest node of `list`.
    pub(crate) fn front(&self, list: List) -> Option<u32> {
        let next = self.nodes[list.0 as usize].next;
        (next != list.0).then_some(next)
    }

    /// The node that came into `list` just after node `i`.
    #[inline]
    pub(crate) fn newer(&self, list: List, i: u32) -> Option<u32> {
        let prev = self.nodes[i as usize].prev;
        (prev != list.0).then_some(prev)
    }

    /// Bytes that the slab holds from the allocator, items' own allocations aside.
    pub(crate) const fn memory_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node<T>>()
    }

    /// The same nodes, links and marks around other items: what a rehearsal needs.
    pub(crate) fn map<U>(&self, mut f: impl FnMut(&T) -> U) -> Slab<U> {
        let nodes = self.nodes.iter();
        let nodes = nodes.map(|n| Node { item: f(&n.item), prev: n.prev, next: n.next, mark: n.mark, timer: n.timer });
        Slab { nodes: nodes.collect(), free: self.free }
    }
}
