//! Nodes in one vector, addressed by the `u32` numbers of their slots, and doubly linked lists through them.
//!
//! Numbers instead of pointers keep a node small (four bytes a link), need no `unsafe`, and make cloning a whole cache a plain
//! copy. Who decides the slot: the hash [`Index`](super::index::Index), so that the vector is itself the hash table, or
//! [`Slots`], which hands out the next free one.

/// No node: the end of a list, or a deadline that is not set.
pub(crate) const NIL: u32 = u32::MAX;

/// An item and its place in one list.
#[derive(Debug, Clone)]
struct Node<T> {
    item: T,
    newer: u32,
    older: u32,
}

/// The two ends of a list; the links between are in the nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct List {
    newest: u32,
    oldest: u32,
}

impl Default for List {
    /// An empty list.
    fn default() -> Self {
        Self { newest: NIL, oldest: NIL }
    }
}

impl List {
    /// The node that came in last.
    pub(crate) const fn newest(self) -> Option<u32> {
        some(self.newest)
    }

    /// The node that came in first.
    pub(crate) const fn oldest(self) -> Option<u32> {
        some(self.oldest)
    }
}

const fn some(i: u32) -> Option<u32> {
    if i == NIL { None } else { Some(i) }
}

/// Items in slots. Every operation is O(1), except a renumbering.
#[derive(Debug, Clone)]
pub(crate) struct Nodes<T> {
    nodes: Vec<Node<T>>,
    /// One word for each slot that belongs to the policy: a visited bit, a frequency, a bucket. Empty until one is set,
    /// because many policies need none.
    marks: Vec<u32>,
}

impl<T> Nodes<T> {
    pub(crate) const fn new() -> Self {
        Self { nodes: Vec::new(), marks: Vec::new() }
    }

    #[inline]
    pub(crate) fn item(&self, i: u32) -> &T {
        steps::take();
        &self.nodes[i as usize].item
    }

    #[inline]
    pub(crate) fn item_mut(&mut self, i: u32) -> &mut T {
        &mut self.nodes[i as usize].item
    }

    #[inline]
    pub(crate) fn mark(&self, i: u32) -> u32 {
        self.marks.get(i as usize).copied().unwrap_or(0)
    }

    #[inline]
    pub(crate) fn set_mark(&mut self, i: u32, mark: u32) {
        if let Some(known) = self.marks.get_mut(i as usize) {
            *known = mark;
        } else if mark != 0 {
            self.marks.reserve_exact(self.nodes.capacity() - self.marks.len());
            self.marks.resize(self.nodes.len(), 0);
            self.marks[i as usize] = mark;
        }
    }

    /// Links node `i`, which is in no list, in as the newest of `list`.
    #[inline]
    pub(crate) fn push_newest(&mut self, list: &mut List, i: u32) {
        steps::take();
        let older = std::mem::replace(&mut list.newest, i);
        let node = &mut self.nodes[i as usize];
        node.newer = NIL;
        node.older = older;
        self.set_newer(list, older, i);
    }

    /// Links node `i`, which is in no list, into `list` right before `newer` in age.
    pub(crate) fn push_older_than(&mut self, list: &mut List, i: u32, newer: u32) {
        let older = std::mem::replace(&mut self.nodes[newer as usize].older, i);
        let node = &mut self.nodes[i as usize];
        node.newer = newer;
        node.older = older;
        self.set_newer(list, older, i);
    }

    /// Takes node `i` out of `list`.
    #[inline]
    pub(crate) fn unlink(&mut self, list: &mut List, i: u32) {
        steps::take();
        let Node { newer, older, .. } = self.nodes[i as usize];
        if newer == NIL {
            list.newest = older;
        } else {
            self.nodes[newer as usize].older = older;
        }
        self.set_newer(list, older, newer);
    }

    /// Makes node `i` the newest of `list`, in which it is.
    #[inline]
    pub(crate) fn renew(&mut self, list: &mut List, i: u32) {
        let first = list.newest;
        if first == i {
            return;
        }
        // There is a newer node, so fewer cases are left than in unlinking and pushing.
        let Node { newer, older, .. } = self.nodes[i as usize];
        self.nodes[newer as usize].older = older;
        self.set_newer(list, older, newer);
        let node = &mut self.nodes[i as usize];
        node.newer = NIL;
        node.older = first;
        self.nodes[first as usize].newer = i;
        list.newest = i;
    }

    /// Makes `older` and `newer` neighbours in `list`; without an `older`, `newer` is the oldest.
    #[inline]
    fn set_newer(&mut self, list: &mut List, older: u32, newer: u32) {
        if older == NIL {
            list.oldest = newer;
        } else {
            self.nodes[older as usize].newer = newer;
        }
    }

    /// The next newer node of the list that node `i` is in.
    #[inline]
    pub(crate) fn newer(&self, i: u32) -> Option<u32> {
        steps::take();
        some(self.nodes[i as usize].newer)
    }

    /// The next older node of the list that node `i` is in.
    pub(crate) fn older(&self, i: u32) -> Option<u32> {
        some(self.nodes[i as usize].older)
    }

    /// Bytes that the nodes hold from the allocator, without the items' own allocations.
    pub(crate) const fn memory_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node<T>>() + self.marks.capacity() * size_of::<u32>()
    }

    /// The same slots, links and marks around other items: a cheap copy on which evictions can be tried.
    pub(crate) fn map<U>(&self, mut f: impl FnMut(&T) -> U) -> Nodes<U> {
        let nodes = self.nodes.iter().map(|node| Node { item: f(&node.item), newer: node.newer, older: node.older });
        Nodes { nodes: nodes.collect(), marks: self.marks.clone() }
    }
}

impl<T: Default> Nodes<T> {
    /// Puts an item into slot `i`, which is free; it is in no list yet and has no mark.
    #[inline]
    pub(crate) fn put(&mut self, i: u32, item: T) {
        if i as usize >= self.nodes.len() {
            grow(&mut self.nodes, i as usize + 1, Node::free);
        }
        *self.item_mut(i) = item;
        self.set_mark(i, 0);
    }

    /// Takes the item out of slot `i`, which must be in no list.
    #[inline]
    pub(crate) fn take(&mut self, i: u32) -> T {
        std::mem::take(self.item_mut(i))
    }

    /// Moves every node to its new slot, among `slots` of them. O(n).
    pub(crate) fn renumber(&mut self, moves: &Moves) {
        let mut nodes = Vec::new();
        nodes.resize_with(moves.slots, Node::free);
        for (from, node) in (0..).zip(&mut self.nodes) {
            if let Some(to) = some(moves.of(from)) {
                let item = std::mem::take(&mut node.item);
                nodes[to as usize] = Node { item, newer: moves.of(node.newer), older: moves.of(node.older) };
            }
        }
        self.nodes = nodes;
        if !self.marks.is_empty() {
            let mut marks = vec![0; moves.slots];
            for (from, &mark) in (0..).zip(&self.marks) {
                if let Some(to) = some(moves.of(from)) {
                    marks[to as usize] = mark;
                }
            }
            self.marks = marks;
        }
    }
}

impl<T: Default> Node<T> {
    fn free() -> Self {
        Self { item: T::default(), newer: NIL, older: NIL }
    }
}

/// Grows `items` to `length`, which is more than it has. The capacity grows by a sixteenth, not by doubling: unused capacity
/// is overhead of every entry.
pub(crate) fn grow<T>(items: &mut Vec<T>, length: usize, free: impl FnMut() -> T) {
    if length > items.capacity() {
        items.reserve_exact((length - items.len()).max(items.len() / 16));
    }
    items.resize_with(length, free);
}

/// For each node its new slot, when the number of slots changes.
#[derive(Debug)]
pub(crate) struct Moves {
    /// By old slot; [`NIL`] for a free one.
    to: Vec<u32>,
    /// How many there are from now on.
    slots: usize,
}

impl Moves {
    /// For a table that grows from `from` slots to `slots`; no node is placed yet.
    pub(crate) fn new(from: usize, slots: usize) -> Self {
        assert!(u32::try_from(slots).is_ok(), "a cache holds fewer than 2^32 entries");
        Self { to: vec![NIL; from], slots }
    }

    /// Places node `from` in slot `to`.
    pub(crate) fn set(&mut self, from: u32, to: u32) {
        self.to[from as usize] = to;
    }

    /// How many slots there are from now on.
    pub(crate) const fn slots(&self) -> usize {
        self.slots
    }

    /// The new number of a node; [`NIL`] stays what it is.
    #[inline]
    pub(crate) fn of(&self, i: u32) -> u32 {
        self.to.get(i as usize).copied().unwrap_or(NIL)
    }

    /// The same list with the new numbers.
    pub(crate) fn of_list(&self, list: List) -> List {
        List { newest: self.of(list.newest), oldest: self.of(list.oldest) }
    }
}

/// Hands out slots: returned ones first, then the next.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slots {
    next: u32,
    free: Vec<u32>,
}

impl Slots {
    #[inline]
    pub(crate) fn take(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            let i = self.next;
            self.next = i.checked_add(1).filter(|&next| next < NIL).expect("fewer than 2^32 nodes");
            i
        })
    }

    #[inline]
    pub(crate) fn give(&mut self, i: u32) {
        self.free.push(i);
    }

    /// Bytes held from the allocator.
    pub(crate) const fn memory_bytes(&self) -> usize {
        self.free.capacity() * size_of::<u32>()
    }
}

/// Counts of work, in tests only: a node looked at or relinked, a timer moved in the heap.
pub(crate) mod steps {
    #[cfg(test)]
    thread_local! {
        static TAKEN: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
    }

    #[cfg(test)]
    pub(crate) fn take() {
        TAKEN.set(TAKEN.get() + 1);
    }

    #[cfg(not(test))]
    #[inline]
    pub(crate) const fn take() {}

    /// How many steps this thread has counted.
    #[cfg(test)]
    pub(crate) fn taken() -> u64 {
        TAKEN.get()
    }
}
