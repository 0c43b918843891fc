//! Logging: to standard error, for people on a terminal and as JSON lines elsewhere on request.

use std::io::{self, IsTerminal, Write};

use domain::masking;
use tracing_subscriber::EnvFilter;

/// What is logged when `RUST_LOG` says nothing: ours from `info` up for services, from `warn` up
/// for commands of people, others' from `warn` up, and the SDK's core, which repeats at `warn` what
/// we say better, from `error` up.
fn default_filter(own_level: &str) -> String {
    format!(
        "warn,temporalio_sdk_core=error,temporalio_client=error,\
         trueup={own_level},worker={own_level},activities={own_level},workflows={own_level}"
    )
}

/// Starts logging at this level for our own crates; `TRUEUP_LOG=json` makes JSON lines.
pub fn init_logging(own_level: &str) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| default_filter(own_level).into());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Masked(io::stderr()));
    if std::env::var("TRUEUP_LOG").is_ok_and(|format| format == "json") {
        builder.json().init();
    } else {
        builder
            .with_target(false)
            .with_ansi(std::io::stderr().is_terminal())
            .init();
    }
}

/// A log from which account numbers are gone, whoever writes to it. Gets whole lines.
struct Masked<W>(W);

impl<W: Write> Write for Masked<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.0.write_all(masking::accounts_in(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_log_has_no_account_number() {
        let mut log = Masked(Vec::new());
        log.write_all(b"can't book DE89370400440532013000\n")
            .unwrap();
        assert_eq!(log.0, b"can't book DE89 **** 3000\n");
    }
}
