//! What commands say on standard output. A reader that has seen enough (`| head`) ends the command
//! quietly, as it does for other programs.

use std::fmt;
use std::io::{self, BufWriter, ErrorKind, Write};

/// Writes a line to standard output.
pub(crate) fn line(text: fmt::Arguments<'_>) {
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_fmt(text).and_then(|()| out.write_all(b"\n")) {
        // Nobody reads any more, or nobody can: there is nobody left to tell, either.
        std::process::exit(i32::from(error.kind() != ErrorKind::BrokenPipe) * 2);
    }
}

/// Writes a whole file to standard output.
///
/// # Errors
/// What `content` fails with, other than that the reader is gone.
pub(crate) fn file(content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match content(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        written => written,
    }
}

/// As `println!`, without its panic when the reader is gone.
macro_rules! say {
    () => { $crate::output::line(format_args!("")) };
    ($($text:tt)*) => { $crate::output::line(format_args!($($text)*)) };
}
pub(crate) use say;
