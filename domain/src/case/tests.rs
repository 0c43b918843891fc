//! (case helper)
