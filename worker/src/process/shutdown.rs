//! When to stop: Ctrl-C at a terminal, SIGTERM from a supervisor.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The wish that this process stops. It counts from when this is made, whether somebody waits for it
/// at that moment or not: from then on no signal ends the process by itself any more.
pub struct Interruption {
    interrupt: Signal,
    terminate: Signal,
}

impl Interruption {
    /// Takes SIGINT and SIGTERM over, for as long as the process lives.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen() -> io::Result<Self> {
        Ok(Interruption {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Completes at the first signal since [`Interruption::listen`], or since it last completed.
    pub async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    use super::*;

    /// A worker that was told to stop between two things that it waited for went on for ever.
    #[tokio::test]
    async fn a_signal_counts_that_comes_while_nobody_waits() {
        for wish in [Signal::SIGTERM, Signal::SIGINT] {
            let mut interruption = Interruption::listen().unwrap();
            tokio::select! {
                biased;
                () = interruption.wait() => panic!("nobody asked for it yet"),
                () = tokio::task::yield_now() => {}
            }
            kill(Pid::this(), wish).unwrap();
            tokio::task::yield_now().await;
            interruption.wait().await;
        }
    }
}
