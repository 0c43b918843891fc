//! How the system gives memory to this process.

/// Asks for huge pages from here on, or for none. A comparison of large files is a tenth faster with
/// them; a worker, which does little at a time and stays for weeks, would only take twice the memory.
pub fn huge_pages(wanted: bool) {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_thp_disable(!wanted) {
        tracing::debug!(%error, wanted, "the system decides about huge pages");
    }
}
