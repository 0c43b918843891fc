//! `trueup audit checkpoint`: signs what is new, without Temporal.

use activities::alerts::Channels;
use activities::audit;
use jiff::Timestamp;
use serde_json::json;

use crate::config::Configuration;
use crate::exit::Exit;
use crate::output::say;
use crate::wiring;

/// Signs it; exit 1 when a stream was left out because it is broken.
pub(super) async fn make(configuration: &Configuration, json: bool) -> anyhow::Result<Exit> {
    let secret = |name: &str| std::env::var(name).ok();
    let store = wiring::recorded(configuration).await?;
    let channels = configuration.channels.iter();
    let tell = configuration.audit.config.tell.as_ref();
    let told = channels.filter(|(name, _)| Some(*name) == tell);
    let told = told.map(|(name, channel)| (name.clone(), channel.clone()));
    let channels = Channels::open(&told.collect(), secret)?;
    let audit = wiring::audit(configuration, secret)?;
    let made = audit::make(&store, &channels, &audit, Timestamp::now()).await?;
    let last = made.checkpoints.last();
    if json {
        let answer = json!({
            "made": made.checkpoints.len(),
            "last": last.map(|it| it.number),
            "hash": last.map(|it| it.hash().to_string()),
            "broken": made.broken,
        });
        say!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        for broken in &made.broken {
            say!("BROKEN  {broken}: not signed");
        }
        match last {
            Some(last) => say!("checkpoint {}, hash {}", last.number, last.hash()),
            None => say!("nothing is new since the last checkpoint"),
        }
    }
    Ok(match made.broken.is_empty() {
        true => Exit::Clean,
        false => Exit::Found,
    })
}
