//! The tables that are looked into with every digit and every answer.

use std::collections::HashMap;

/// A table with a fast hash. Its seed differs from run to run; the ids of channels and legs are the engine's own count,
/// so that callers cannot choose them to collide.
pub(super) type Table<K, V> = HashMap<K, V, foldhash::fast::RandomState>;
