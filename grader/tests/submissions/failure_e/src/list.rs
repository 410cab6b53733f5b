//! A doubly linked list of keys whose links are indices.

const NIL: usize = usize::MAX;

struct Link {
    key: String,
    prev: usize,
    next: usize,
}

pub struct List {
    links: Vec<Link>,
    free: Vec<usize>,
    head: usize,
    tail: usize,
}

impl List {
    pub fn new() -> Self {
        List { links: Vec::new(), free: Vec::new(), head: NIL, tail: NIL }
    }

    pub fn push_back(&mut self, key: &str) -> usize {
        let link = Link { key: key.to_string(), prev: self.tail, next: NIL };
        let at = if let Some(at) = self.free.pop() {
            self.links[at] = link;
            at
        } else {
            self.links.push(link);
            self.links.len() - 1
        };
        if self.tail == NIL {
            self.head = at;
        } else {
            self.links[self.tail].next = at;
        }
        self.tail = at;
        at
    }

    pub fn unlink(&mut self, at: usize) -> String {
        let (prev, next) = (self.links[at].prev, self.links[at].next);
        if prev == NIL {
            self.head = next;
        } else {
            self.links[prev].next = next;
        }
        if next == NIL {
            self.tail = prev;
        } else {
            self.links[next].prev = prev;
        }
        self.free.push(at);
        std::mem::take(&mut self.links[at].key)
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let mut at = self.head;
        std::iter::from_fn(move || {
            let link = self.links.get(at)?;
            at = link.next;
            Some(link.key.as_str())
        })
    }
}
