//! Settings that can be changed while the server runs.

use super::admin::Setting;

/// The settings, initially memcached's defaults, except that the list has no segments. Those of automove and of the LRU's parts
/// are stored and shown, but have no effect: there is one list, always in order.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "four switches that the protocol sets and shows one by one")]
pub(super) struct Settings {
    pub(super) verbosity: u32,
    pub(super) automove: u32,
    pub(super) automove_ratio: f64,
    pub(super) automove_window: u32,
    pub(super) crawler: bool,
    pub(super) crawler_sleep_us: u32,
    /// How many items of each class a crawl looks at; 0 for all.
    pub(super) crawler_items: u32,
    pub(super) segmented: bool,
    pub(super) hot_percent: u32,
    pub(super) warm_percent: u32,
    pub(super) hot_factor: f64,
    pub(super) warm_factor: f64,
    pub(super) temporary: bool,
    pub(super) temporary_ttl_s: u32,
    /// Whether requests are counted by the keys' prefixes.
    pub(super) detail: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            verbosity: 0,
            automove: 1,
            automove_ratio: 0.8,
            automove_window: 10,
            crawler: true,
            crawler_sleep_us: 100,
            crawler_items: 0,
            segmented: false,
            hot_percent: 20,
            warm_percent: 40,
            hot_factor: 0.2,
            warm_factor: 2.0,
            temporary: false,
            temporary_ttl_s: 61,
            detail: false,
        }
    }
}

impl Settings {
    pub(super) fn set(&mut self, setting: Setting) {
        match setting {
            Setting::Verbosity(level) => self.verbosity = level,
            Setting::Automove(level) => self.automove = level,
            Setting::AutomoveRatio(ratio) => self.automove_ratio = ratio,
            // Memcached shows it only among the settings of extstore.
            Setting::AutomoveFreeRatio(_) => {}
            Setting::AutomoveWindow(window) => self.automove_window = window,
            Setting::Tune { hot_percent, warm_percent, hot_factor, warm_factor } => {
                (self.hot_percent, self.warm_percent) = (hot_percent, warm_percent);
                (self.hot_factor, self.warm_factor) = (hot_factor, warm_factor);
            }
            Setting::Segmented(segmented) => self.segmented = segmented,
            Setting::TemporaryTtl(ttl_s) => {
                self.temporary = ttl_s >= 0;
                self.temporary_ttl_s = u32::try_from(ttl_s).unwrap_or(self.temporary_ttl_s);
            }
            Setting::CrawlerSleep(microseconds) => self.crawler_sleep_us = microseconds,
            Setting::CrawlerItems(items) => self.crawler_items = items,
        }
    }
}
