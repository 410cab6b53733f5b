//! Slab classes: memcached keeps items of about one size in chunks of one size, cut from pages of 1 MiB.
//!
//! We count memory by the item, not by the page. But `stats slabs` shows each item's class, and how many pages its
//! class has taken for its chunks, exactly as memcached does.

/// The class of the largest chunks; the first class is 1.
pub(super) const LAST_CLASS: usize = 39;
/// Class ids are below this.
pub(super) const CLASSES_MAX: usize = 64;
/// The bytes of a page.
const PAGE_BYTES: u64 = 1024 * 1024;
/// The bytes of the largest chunk; a larger item takes several.
pub(super) const CHUNK_BYTES_MAX: u32 = 512 * 1024;
/// What `stats settings` calls `growth_factor` and `chunk_size`: the smallest chunk is a header of 48 bytes plus 48, each further
/// one is larger by a quarter.
const CHUNK_BYTES_MIN: u32 = 48 + 48;

/// The bytes of each class's chunks. Class 0 has none: it is the pool of pages taken from classes.
const CHUNK_BYTES: [u32; LAST_CLASS + 1] = {
    let mut sizes = [0; LAST_CLASS + 1];
    let (mut class, mut bytes) = (1, CHUNK_BYTES_MIN);
    while class < LAST_CLASS {
        bytes = bytes.next_multiple_of(8);
        sizes[class] = bytes;
        bytes += bytes / 4;
        class += 1;
    }
    sizes[LAST_CLASS] = CHUNK_BYTES_MAX;
    sizes
};

/// How many of each class's chunks are a page; 0 where there are none.
const CHUNKS_PER_PAGE: [u64; LAST_CLASS + 1] = {
    let (mut counts, mut class) = ([0; LAST_CLASS + 1], 1);
    while class <= LAST_CLASS {
        counts[class] = PAGE_BYTES / CHUNK_BYTES[class] as u64;
        class += 1;
    }
    counts
};

/// The class of an item of so many bytes.
pub(super) fn class_of(item_bytes: usize) -> usize {
    let smaller = CHUNK_BYTES[1..].partition_point(|&chunk| (chunk as usize) < item_bytes);
    (smaller + 1).min(LAST_CLASS)
}

/// The contents of one class.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Class {
    pub(super) items: u64,
    pub(super) item_bytes: u64,
    pub(super) chunks: u64,
    /// Pages taken so far; only `slabs reassign` takes one away.
    pub(super) pages: u64,
    /// For how long the last evicted item had been unused.
    pub(super) evicted_after_s: u64,
}

/// All classes, by their ids.
#[derive(Debug, Clone)]
pub(super) struct Classes([Class; LAST_CLASS + 1]);

impl Classes {
    pub(super) fn new() -> Self {
        Self([Class::default(); LAST_CLASS + 1])
    }

    pub(super) fn get(&self, class: usize) -> &Class {
        &self.0[class]
    }

    pub(super) fn get_mut(&mut self, class: usize) -> &mut Class {
        &mut self.0[class]
    }

    /// Ids and contents of those that ever had an item.
    pub(super) fn in_use(&self) -> impl Iterator<Item = (usize, &Class)> {
        self.0.iter().enumerate().skip(1).filter(|(_, class)| class.pages > 0)
    }

    /// The bytes of all pages, the pool included.
    pub(super) fn page_bytes(&self) -> u64 {
        self.0.iter().map(|class| class.pages * PAGE_BYTES).sum()
    }

    /// Takes a page for a value that is about to be stored, if all chunks are in use. As in memcached this comes first:
    /// the old item still holds its chunk, and the value may yet be refused.
    pub(super) fn reserve(&mut self, item_bytes: usize) {
        let id = class_of(item_bytes);
        let class = &mut self.0[id];
        let chunks = class.chunks + chunks_of(id, item_bytes);
        // Without a division where the pages suffice, as they mostly do.
        if chunks > class.pages * chunks_per_page(id) {
            class.pages = chunks.div_ceil(chunks_per_page(id));
        }
    }

    /// Counts an item of so many bytes in; its page has been reserved.
    pub(super) fn add(&mut self, id: usize, item_bytes: usize) {
        let class = &mut self.0[id];
        class.items += 1;
        class.item_bytes += item_bytes as u64;
        class.chunks += chunks_of(id, item_bytes);
    }

    /// Counts an item of so many bytes out.
    pub(super) fn remove(&mut self, id: usize, item_bytes: usize) {
        let class = &mut self.0[id];
        class.items -= 1;
        class.item_bytes -= item_bytes as u64;
        class.chunks -= chunks_of(id, item_bytes);
    }

    /// How many chunks of a class's items do not fit into its pages.
    pub(super) fn surplus_chunks(&self, id: usize) -> u64 {
        self.0[id].chunks.saturating_sub(self.0[id].pages * chunks_per_page(id))
    }
}

/// The bytes of a class's chunks.
pub(super) fn chunk_bytes(class: usize) -> u64 {
    CHUNK_BYTES[class].into()
}

/// The chunks that a page of this class is cut into.
pub(super) fn chunks_per_page(class: usize) -> u64 {
    CHUNKS_PER_PAGE[class]
}

/// The chunks that an item takes.
pub(super) fn chunks_of(class: usize, item_bytes: usize) -> u64 {
    let (bytes, chunk) = (item_bytes as u64, chunk_bytes(class));
    if bytes <= chunk { 1 } else { bytes.div_ceil(chunk) }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK_BYTES, LAST_CLASS, class_of};

    /// As `memcached -vv` lists them.
    #[test]
    fn the_classes_are_those_of_memcached() {
        assert_eq!(CHUNK_BYTES[1..11], [96, 120, 152, 192, 240, 304, 384, 480, 600, 752]);
        assert_eq!(CHUNK_BYTES[37..], [315_872, 394_840, 524_288]);
        for (bytes, class) in
            [(0, 1), (96, 1), (97, 2), (120, 2), (121, 3), (524_288, LAST_CLASS), (1 << 20, LAST_CLASS)]
        {
            assert_eq!(class_of(bytes), class, "{bytes}");
        }
    }
}
