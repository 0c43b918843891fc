//! The `trueup` program.

use std::process::ExitCode;

use clap::Parser;
use worker::cli::CommandLine;
use worker::exit::Exit;
use worker::process::huge_pages;

/// Records are many small allocations: matching a million of them takes a third of the time that
/// it takes with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    huge_pages(false);
    run()
}

#[tokio::main]
async fn run() -> ExitCode {
    match CommandLine::parse().execute().await {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("error: {error:#}");
            Exit::Error.into()
        }
    }
}
