//! Groups error events that share a cause.
