//! What can't be meant by `[encryption]`.

use activities::vault::EncryptionConfig;

use super::document::Document;
use super::policy::Findings;
use super::tree::Place;

/// Checks the table. What is wrong with it is added to `findings`.
pub(crate) fn check(encryption: &EncryptionConfig, document: &Document, findings: &mut Findings) {
    let here = Place::root().key("encryption");
    let mut wrong = |place: &Place, message: String, help: &str| {
        let problem = document.problem(place, message);
        findings.problems.push(problem.with_help(help));
    };
    if encryption.keys_env.is_some() && encryption.keys_file.is_some() {
        let message = "`keys_env` and `keys_file`: there is one key ring".to_owned();
        wrong(&here.key("keys_file"), message, "name one of the two");
    }
    for (index, origin) in encryption.ui_origins.iter().enumerate() {
        if !is_origin(origin) {
            let place = here.key("ui_origins").index(index);
            let message = format!("not an origin: `{origin}`");
            wrong(
                &place,
                message,
                "write scheme, host and port: \"http://localhost:8233\"",
            );
        }
    }
}

/// As a browser says it: no path, no slash at the end.
fn is_origin(origin: &str) -> bool {
    let host = ["http://", "https://"]
        .iter()
        .find_map(|scheme| origin.strip_prefix(scheme));
    host.is_some_and(|host| {
        !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_graphic() && !b"/?#@*".contains(&b))
    })
}
