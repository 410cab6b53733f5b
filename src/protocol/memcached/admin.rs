//! The commands that manage a server rather than its items: `slabs`, `lru`, `lru_crawler`, `watch` and `stats`.
//!
//! As in memcached, any prefix of a word stands for it (`lru_crawler m all`); of several words with that prefix, the
//! first. Only the classes `all` and `hash`, and the topics `items`, `slabs` and `sizes`, must be written out.

use super::classes::CLASSES_MAX;
use super::mistake::Mistake;
use super::stop::{Stop, refused};
use super::watch::Streams;
use super::words::{Words, number};

/// One of these commands, but for `stats` and `watch`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Admin<'a> {
    /// `slabs reassign`: a page of one class becomes another's; -1 for any class, 0 for the pool of pages.
    Reassign {
        /// The class that has it.
        from: i32,
        /// The class that gets it.
        to: i32,
    },
    /// A setting is changed.
    Set(Setting),
    /// `lru_crawler enable` and `disable`.
    SetCrawler {
        /// Which of them.
        enabled: bool,
    },
    /// `lru_crawler crawl`: expired items of these classes are removed.
    Crawl {
        /// `all`, or the classes' ids with commas between them.
        classes: &'a [u8],
    },
    /// `lru_crawler metadump` and `mgdump`: the items of these classes are listed.
    Dump {
        /// `all`, `hash`, or the classes' ids with commas between them.
        classes: &'a [u8],
        /// As `mg` commands, or with all that is known of them.
        as_commands: bool,
    },
}

/// Something that can be set while the server runs, and that `stats settings` shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Setting {
    /// `verbosity`.
    Verbosity(u32),
    /// `slabs automove`: 0, 1 or 2.
    Automove(u32),
    /// `slabs automove ratio`.
    AutomoveRatio(f64),
    /// `slabs automove freeratio`.
    AutomoveFreeRatio(f64),
    /// `slabs automove window`: 3 to 1800.
    AutomoveWindow(u32),
    /// `lru tune`.
    Tune {
        /// How much of a class is hot, in percent.
        hot_percent: u32,
        /// How much is warm; both together are at most 80.
        warm_percent: u32,
        /// Above 0.
        hot_factor: f64,
        /// Above 0.
        warm_factor: f64,
    },
    /// `lru mode`.
    Segmented(bool),
    /// `lru temp_ttl`: in seconds; negative for none.
    TemporaryTtl(i32),
    /// `lru_crawler sleep`: at most 1000000, in microseconds.
    CrawlerSleep(u32),
    /// `lru_crawler tocrawl`: items of each class that a crawl looks at; 0 for all.
    CrawlerItems(u32),
}

/// What `stats` is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Without a topic: the server.
    General,
    /// `reset`: the counters begin anew.
    Reset,
    /// `detail on` and `detail off`.
    SetDetail(bool),
    /// `detail dump`: counts by the keys' prefixes.
    Detail,
    /// `settings`.
    Settings,
    /// `cachedump`: some items of a class.
    Items {
        /// The class.
        class: usize,
        /// At most so many; 0 for all.
        limit: u32,
    },
    /// `conns`: the connections.
    Connections,
    /// `items`: the items by class.
    ItemClasses,
    /// `slabs`: the classes.
    Classes,
    /// `sizes`: how many items have which size.
    Sizes,
}

/// Whether `word` stands for `name`.
fn is(word: &[u8], name: &str) -> bool {
    name.as_bytes().starts_with(word)
}

/// The words of a line, and how many there were; `noreply` counts as a word, as in memcached.
fn take<const N: usize>(words: Words<'_>) -> ([&[u8]; N], usize) {
    let mut taken = [&b""[..]; N];
    let count = words.clone().count();
    for (place, word) in taken.iter_mut().zip(words) {
        *place = word;
    }
    (taken, count)
}

pub(super) fn slabs(words: Words<'_>) -> Result<Admin<'_>, Stop<'_>> {
    let ([form, first, second], count) = take(words);
    match count {
        3 if is(form, "reassign") => {
            let class = |word| number(word).ok_or_else(|| refused(Mistake::AdminNumber, word));
            Ok(Admin::Reassign { from: class(first)?, to: class(second)? })
        }
        2.. if is(form, "automove") => automove(first, second).map(Admin::Set),
        _ => Err(refused(Mistake::AdminForm, form)),
    }
}

fn automove<'a>(what: &'a [u8], value: &'a [u8]) -> Result<Setting, Stop<'a>> {
    let ratio = || factor(value).ok_or_else(|| refused(Mistake::Factor, value));
    let whole = |word| number::<u32>(word).ok_or_else(|| refused(Mistake::AdminNumber, word));
    if is(what, "ratio") {
        Ok(Setting::AutomoveRatio(ratio()?))
    } else if is(what, "freeratio") {
        Ok(Setting::AutomoveFreeRatio(ratio()?))
    } else if is(what, "window") {
        match whole(value)? {
            window @ 3..=1800 => Ok(Setting::AutomoveWindow(window)),
            _ => Err(refused(Mistake::AutomoveWindow, value)),
        }
    } else {
        match whole(what)? {
            level @ 0..=2 => Ok(Setting::Automove(level)),
            _ => Err(refused(Mistake::AdminForm, what)),
        }
    }
}

pub(super) fn lru(words: Words<'_>) -> Result<Setting, Stop<'_>> {
    let ([form, first, second, third, fourth], count) = take(words);
    let setting = match count {
        5.. if is(form, "tune") => tune(first, second, third, fourth)?,
        2.. if is(form, "mode") && is(first, "flat") => Setting::Segmented(false),
        2.. if is(form, "mode") && is(first, "segmented") => Setting::Segmented(true),
        2.. if is(form, "temp_ttl") => {
            Setting::TemporaryTtl(number(first).ok_or_else(|| refused(Mistake::LruNumber, first))?)
        }
        _ => return Err(refused(Mistake::AdminForm, form)),
    };
    Ok(setting)
}

fn tune<'a>(hot: &'a [u8], warm: &'a [u8], hot_factor: &'a [u8], warm_factor: &'a [u8]) -> Result<Setting, Stop<'a>> {
    let percent = |word| number::<u32>(word).ok_or_else(|| refused(Mistake::LruNumber, word));
    let age = |word| factor(word).ok_or_else(|| refused(Mistake::Factor, word));
    let (hot_percent, warm_percent) = (percent(hot)?, percent(warm)?);
    let factors = (age(hot_factor)?, age(warm_factor)?);
    if u64::from(hot_percent) + u64::from(warm_percent) > 80 {
        Err(refused(Mistake::LruPercent, warm))
    } else if factors.0 <= 0.0 || factors.1 <= 0.0 {
        Err(refused(Mistake::LruFactor, if factors.0 <= 0.0 { hot_factor } else { warm_factor }))
    } else {
        Ok(Setting::Tune { hot_percent, warm_percent, hot_factor: factors.0, warm_factor: factors.1 })
    }
}

/// A finite decimal number.
fn factor(word: &[u8]) -> Option<f64> {
    std::str::from_utf8(word).ok()?.parse().ok().filter(|factor: &f64| factor.is_finite())
}

pub(super) fn crawler(words: Words<'_>) -> Result<Admin<'_>, Stop<'_>> {
    let ([form, value], count) = take(words);
    let whole = || number::<u32>(value).ok_or_else(|| refused(Mistake::AdminNumber, value));
    let admin = match count {
        2 if is(form, "crawl") => Admin::Crawl { classes: value },
        2 if is(form, "metadump") => Admin::Dump { classes: value, as_commands: false },
        2 if is(form, "mgdump") => Admin::Dump { classes: value, as_commands: true },
        2 if is(form, "tocrawl") => Admin::Set(Setting::CrawlerItems(whole()?)),
        2 if is(form, "sleep") => match whole()? {
            microseconds @ 0..=1_000_000 => Admin::Set(Setting::CrawlerSleep(microseconds)),
            _ => return Err(refused(Mistake::CrawlerSleep, value)),
        },
        1 if is(form, "enable") => Admin::SetCrawler { enabled: true },
        1 if is(form, "disable") => Admin::SetCrawler { enabled: false },
        _ => return Err(refused(Mistake::AdminForm, form)),
    };
    Ok(admin)
}

pub(super) fn watch(words: Words<'_>) -> Result<Streams, Stop<'_>> {
    let mut streams = Streams::default();
    for word in words {
        let stream = Streams::from_word(word).ok_or_else(|| refused(Mistake::Stream, word))?;
        streams = streams.and(stream);
    }
    Ok(if streams == Streams::default() { Streams::FETCHERS } else { streams })
}

pub(super) fn stats(words: Words<'_>) -> Result<Topic, Stop<'_>> {
    let ([topic, first, second], count) = take(words);
    let topic = match topic {
        _ if count == 0 => Topic::General,
        _ if is(topic, "reset") => Topic::Reset,
        _ if is(topic, "detail") => match first {
            _ if count < 2 => return Err(refused(Mistake::StatsDetail, first)),
            _ if is(first, "on") => Topic::SetDetail(true),
            _ if is(first, "off") => Topic::SetDetail(false),
            _ if is(first, "dump") => Topic::Detail,
            _ => return Err(refused(Mistake::StatsDetail, first)),
        },
        _ if is(topic, "settings") => Topic::Settings,
        _ if is(topic, "cachedump") => {
            if count < 3 {
                return Err(refused(Mistake::DumpWords, &[]));
            }
            let whole = |word| number::<u32>(word).ok_or_else(|| refused(Mistake::AdminNumber, word));
            let (class, limit) = (whole(first)?, whole(second)?);
            let class = usize::try_from(class).ok().filter(|&class| class < CLASSES_MAX);
            Topic::Items { class: class.ok_or_else(|| refused(Mistake::DumpClass, first))?, limit }
        }
        _ if is(topic, "conns") => Topic::Connections,
        b"items" => Topic::ItemClasses,
        b"slabs" => Topic::Classes,
        b"sizes" => Topic::Sizes,
        _ => return Err(refused(Mistake::StatsTopic, topic)),
    };
    Ok(topic)
}
