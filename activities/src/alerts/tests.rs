//! What is refused before anything is sent, and what an e-mail looks like on the wire.

use super::*;

fn open(configuration: serde_json::Value, secrets: &[(&str, &str)]) -> Result<(), String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let configuration = serde_json::from_value(configuration).expect("a configuration");
    let secret = |name: &str| {
        let found = secrets.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let configurations = BTreeMap::from([("night".to_owned(), configuration)]);
    Channels::open(&configurations, secret)
        .map(drop)
        .map_err(|error| error.to_string())
}

#[test]
fn a_missing_secret_is_named() {
    let slack = serde_json::json!({"kind": "slack", "webhook_url_env": "HOOK"});
    let missing = "alert channel `night`: the environment variable HOOK is not set: it must hold \
                   the address of the Slack webhook";
    assert_eq!(open(slack.clone(), &[]), Err(missing.to_owned()));
    assert_eq!(
        open(slack.clone(), &[("HOOK", "  ")]),
        Err(missing.to_owned())
    );
    assert_eq!(
        open(slack, &[("HOOK", " https://hooks.example/x\n")]),
        Ok(())
    );
}

#[test]
fn an_error_never_shows_the_secret() {
    let slack = serde_json::json!({"kind": "slack", "webhook_url_env": "HOOK"});
    for address in [
        "http://hooks.example/s3cret",
        "s3cret",
        "https://u:s3cret@hooks.example",
    ] {
        let error = open(slack.clone(), &[("HOOK", address)]).unwrap_err();
        assert!(
            error.contains("HOOK") && !error.contains("s3cret"),
            "{error}"
        );
    }
}

#[test]
fn mail_channels_are_checked_before_they_are_used() {
    let base = serde_json::json!({
        "kind": "email", "host": "mail.example", "from": "a@b.example", "to": ["c@d.example"],
    });
    let with = |keys: serde_json::Value| {
        let mut configuration = base.clone();
        for (key, value) in keys.as_object().expect("keys") {
            configuration[key] = value.clone();
        }
        open(configuration, &[("PASSWORD", "s3cret")])
    };
    let account = serde_json::json!({"username": "u", "password_env": "PASSWORD"});
    assert_eq!(with(serde_json::json!({})), Ok(()));
    assert_eq!(with(account.clone()), Ok(()));
    assert_eq!(
        with(serde_json::json!({"from": "Trueup <a@b.example>"})),
        Ok(())
    );
    for (keys, expected) in [
        (
            serde_json::json!({"to": []}),
            "to: name at least one recipient",
        ),
        (
            serde_json::json!({"to": ["nobody"]}),
            "to: `nobody` is not an e-mail address",
        ),
        (serde_json::json!({"from": "a@b\r\nBcc: x@y"}), "from: "),
        (
            serde_json::json!({"username": "u"}),
            "password_env: missing",
        ),
        (
            serde_json::json!({"password_env": "PASSWORD"}),
            "username: missing",
        ),
        (
            serde_json::json!({"username": "u", "password_env": "NONE"}),
            "variable NONE is not set",
        ),
        (
            serde_json::json!({"username": "u", "password_env": "PASSWORD", "tls": "none"}),
            "tls: `none` would send the password unprotected",
        ),
    ] {
        let error = with(keys).unwrap_err();
        assert!(
            error.contains(expected) && !error.contains("s3cret"),
            "{error}"
        );
    }
}

#[test]
fn the_same_alert_is_the_same_mail() {
    let text = |footer: &str| text::AlertText {
        title: "HIGH acme: r\u{e9}f\r\nBcc: x@y.example".to_owned(),
        blocks: Vec::new(),
        footer: footer.to_owned(),
    };
    let mail = |alert_id, footer| {
        let to = "c@d.example, e@f.example".parse().expect("addresses");
        let from = "Trueup <a@b.example>".parse().expect("an address");
        let at = "2026-11-20T06:30:00Z".parse().expect("a time");
        let message = email::message(&from, &to, alert_id, at, &text(footer)).expect("a mail");
        String::from_utf8(message.formatted()).expect("ASCII")
    };
    let first = mail("0f3a/night", "f");
    assert_eq!(first, mail("0f3a/night", "f"));
    let header = first
        .lines()
        .take_while(|line| !line.is_empty())
        .collect::<Vec<_>>();
    assert_eq!(
        header,
        [
            "To: c@d.example, e@f.example",
            "From: Trueup <a@b.example>",
            "Date: Fri, 20 Nov 2026 06:30:00 +0000",
            "Message-ID: <trueup.11e7c5c16b261196f222c5dc1df79825@b.example>",
            "Subject: HIGH acme: =?utf-8?b?csOpZg==?= Bcc: x@y.example",
            "Auto-Submitted: auto-generated",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
        ]
    );
    assert!(!mail("0f3b/night", "f").contains("11e7c5c16b261196f222c5dc1df79825"));
}
