//! Command families: one file each has a family's commands, what answers them, what they tell, and their help in two languages.

pub mod cluster;
