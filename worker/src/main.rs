//! The `trueup` program.

use std::process::ExitCode;

use clap::Parser;
use worker::cli::CommandLine;
use worker::exit::Exit;

#[tokio::main]
async fn main() -> ExitCode {
    match CommandLine::parse().execute().await {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("error: {error:#}");
            Exit::Error.into()
        }
    }
}
