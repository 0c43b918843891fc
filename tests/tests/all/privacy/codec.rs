//! `trueup codec` as the real `temporal` program and a browser ask it.

use std::process::Stdio;

use anyhow::{Context, Result};
use hyper::{Method, Request};
use serde_json::{Value, json};
use tests::servers::http;
use tests::shop::{self, INPUT, RUN};
use tests::{Installation, trueup_program};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const TOKEN: &str = "c4n4ry-codec-token";
const UI: &str = "http://localhost:8233";

/// An encrypted shop, and a codec server that is gone when this is.
struct Shown {
    shop: Installation,
    url: String,
    _server: Child,
}

impl Shown {
    async fn start() -> Result<Shown> {
        let mut shop = Installation::start().await?;
        let settings = format!(
            "[encryption]\nkeys_env = \"TRUEUP_KEYS\"\n\
             codec_token_env = \"TRUEUP_CODEC_TOKEN\"\nui_origins = [\"{UI}\"]\n"
        );
        shop::install(&shop, &settings, &[])?;
        let keys = shop.text(&["keys", "new"]).await?;
        shop.set_variable("TRUEUP_KEYS", keys.trim());
        shop.set_variable("TRUEUP_CODEC_TOKEN", TOKEN);
        let mut server = Command::new(trueup_program()?)
            .args(["--config".as_ref(), shop.folder().as_os_str()])
            .args(["codec", "--listen", "127.0.0.1:0"])
            .env("TRUEUP_KEYS", keys.trim())
            .env("TRUEUP_CODEC_TOKEN", TOKEN)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let out = server.stdout.take().context("its output")?;
        let line = BufReader::new(out)
            .lines()
            .next_line()
            .await?
            .context("a line")?;
        let url = line
            .split_whitespace()
            .last()
            .context("an address")?
            .to_owned();
        shop.start_worker()?;
        Ok(Shown {
            shop,
            url,
            _server: server,
        })
    }

    /// Asks as a page of this origin would, with this token.
    async fn ask(
        &self,
        path: &str,
        origin: Option<&str>,
        token: Option<&str>,
        body: &Value,
    ) -> Result<(u16, String, String)> {
        let mut request = Request::builder().method(Method::POST).uri(path);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let port = self.url.rsplit(':').next().context("a port")?.parse()?;
        let (head, said) = http::exchange(port, request, body.to_string()).await?;
        let allowed = head.headers.get("access-control-allow-origin");
        let allowed = allowed.map(|origin| String::from_utf8_lossy(origin.as_bytes()).into_owned());
        Ok((head.status.as_u16(), said, allowed.unwrap_or_default()))
    }
}

#[tokio::test]
async fn the_temporal_program_shows_what_is_sealed_to_those_allowed() -> Result<()> {
    let shown = Shown::start().await?;
    let shop = &shown.shop;
    let started = shop.execute(RUN, &[INPUT]).await?;
    assert_eq!(started.status, "COMPLETED", "plain input is taken");
    let result = ["workflow", "result", "-w", RUN];
    let query = ["workflow", "query", "-w", RUN, "--type", "status"];
    let bearer = format!("Bearer {TOKEN}");
    let codec = [
        "--codec-endpoint",
        shown.url.as_str(),
        "--codec-auth",
        bearer.as_str(),
    ];
    for command in [&result[..], &query] {
        let sealed = shop.temporal(command).await?;
        assert!(!sealed.out.contains("matched"), "{}", sealed.out);
        let open = shop.temporal(&[command, &codec].concat()).await?;
        assert!(open.out.contains("matched"), "{}: {}", open.out, open.err);
        let wrong = [
            "--codec-endpoint",
            shown.url.as_str(),
            "--codec-auth",
            "Bearer wrong",
        ];
        let refused = shop.temporal(&[command, &wrong].concat()).await?;
        assert!(!refused.out.contains("matched"), "{}", refused.out);
    }
    Ok(())
}

#[tokio::test]
async fn only_the_token_and_pages_of_the_configured_ui_get_an_answer() -> Result<()> {
    let shown = Shown::start().await?;
    let plain =
        json!({"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "e30="}]});
    let (status, sealed, _) = shown.ask("/encode", None, Some(TOKEN), &plain).await?;
    assert_eq!(status, 200);
    let sealed: Value = serde_json::from_str(&sealed)?;
    assert_ne!(sealed, plain);
    let ask = async |origin, token| shown.ask("/decode", origin, token, &sealed).await;
    let (status, opened, allowed) = ask(Some(UI), Some(TOKEN)).await?;
    assert_eq!((status, allowed.as_str()), (200, UI));
    assert_eq!(serde_json::from_str::<Value>(&opened)?, plain);
    for (origin, token) in [
        (None, None),
        (None, Some("wrong")),
        (Some(UI), None),
        (Some("http://elsewhere.example"), Some(TOKEN)),
    ] {
        let (status, said, allowed) = ask(origin, token).await?;
        assert_eq!(status, 401, "{origin:?} {token:?}: {said}");
        assert!(!said.contains("e30=") && allowed != "http://elsewhere.example");
    }
    let (status, _, _) = shown
        .ask("/decode", None, Some(TOKEN), &json!({"payloads": 1}))
        .await?;
    assert_eq!(status, 400);
    let (status, _, _) = shown.ask("/other", None, Some(TOKEN), &plain).await?;
    assert_eq!(status, 404);
    Ok(())
}

#[tokio::test]
async fn a_codec_server_that_others_reach_needs_a_token() -> Result<()> {
    let mut shop = Installation::start().await?;
    shop::install(&shop, "[encryption]\nkeys_env = \"TRUEUP_KEYS\"\n", &[])?;
    let keys = shop.text(&["keys", "new"]).await?;
    shop.set_variable("TRUEUP_KEYS", keys.trim());
    let said = shop.trueup(&["codec", "--listen", "0.0.0.0:0"]).await?;
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("set codec_token_env"), "{}", said.err);
    Ok(())
}
