//! Where checkpoints are told: a bucket, in which each is written once, and a mailbox.

use anyhow::Result;
use hyper::Method;
use serde_json::json;
use tests::Installation;
use tests::servers::smtp::SmtpMode;
use tests::servers::{DynamoDb, S3, SmtpSink, http};
use tests::shop::{self, DATE};

use super::{audited_in, broken, checkpoint, comment};

const FIRST: &str = "/witness/books/checkpoints/ed25519/000000000000.json";

/// An installation whose checkpoints go to the bucket and the mailbox.
async fn witnessed(bucket: &S3, mailbox: &SmtpSink) -> Result<Installation> {
    let mut shop = Installation::start().await?;
    // Any key pair is accepted.
    for (name, value) in DynamoDb::ENVIRONMENT {
        shop.set_variable(name, value);
    }
    let settings = format!(
        "tell = \"desk\"\n\n[audit.publish]\nurl = \"s3://witness/books\"\n\
         endpoint = \"{}\"\nregion = \"{}\"\nallow_http = true\n\n{}",
        bucket.endpoint,
        S3::REGION,
        shop::email(mailbox.port),
    );
    Ok(audited_in(shop, &settings).await?.0)
}

#[tokio::test]
async fn a_checkpoint_is_published_once_and_told() -> Result<()> {
    let (bucket, mailbox) = (S3::start().await?, SmtpSink::start().await?);
    bucket.create_bucket("witness").await?;
    let shop = witnessed(&bucket, &mailbox).await?;
    shop.run_to_the_end(&["shop", "--date", DATE]).await?;

    // The mailbox is full: nothing more is signed until it has what was signed.
    mailbox.set_mode(SmtpMode::Reject)?;
    let untold = shop.trueup(&["audit", "checkpoint"]).await?;
    assert_eq!(untold.code, Some(2), "{untold:?}");
    let why = "channel `desk` was not told of checkpoint 0";
    assert!(untold.err.contains(why), "{untold:?}");
    mailbox.set_mode(SmtpMode::Accept)?;
    let made = checkpoint(&shop).await?;
    assert_eq!(made["made"], 0, "it was signed before: {made}");
    let mails = mailbox.messages()?;
    assert_eq!(mails.len(), 1, "{mails:?}");
    let verified = shop.json(&["audit", "verify"]).await?;
    assert_eq!(verified["broken"], json!([]), "{verified}");
    let hash = &verified["covered"]["last_checkpoint_hash"];
    let hash = hash.as_str().unwrap_or("none");
    assert!(
        mails[0].body.replace("=\r\n", "").contains(hash),
        "{mails:?}"
    );

    let (status, published) = http::request(Method::GET, bucket.port, FIRST).await?;
    assert_eq!(status, 200, "{published}");
    let id = shop::id_of(&shop, "P-3").await?;
    comment(&shop, &id, "asked them").await?;
    assert_eq!(checkpoint(&shop).await?["last"], 1);
    assert_eq!(mailbox.messages()?.len(), 2);
    assert_eq!(broken(&shop).await?, [""; 0]);

    // Another installation can't publish another past under the same names.
    let other = witnessed(&bucket, &mailbox).await?;
    other.run_to_the_end(&["shop", "--date", DATE]).await?;
    let refused = other.trueup(&["audit", "checkpoint"]).await?;
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let why = "checkpoint 0 is published with other content";
    assert!(refused.err.contains(why), "{refused:?}");
    let (_, still) = http::request(Method::GET, bucket.port, FIRST).await?;
    assert_eq!(still, published, "it is what it was");

    // Who can change the bucket is found out as well.
    let forged = published.replace("\"count\":", "\"count\":1");
    http::send(Method::PUT, bucket.port, FIRST, forged).await?;
    let found = broken(&shop).await?;
    assert!(
        found
            .iter()
            .any(|it| it.contains("published with other content")),
        "{found:?}"
    );
    Ok(())
}
