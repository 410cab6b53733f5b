//! Renderers: one report, many formats. Each is a pure function of [`cachedojo::exercise::Report`].

pub mod text;
