//! What `[audit]` may say.

use super::{SETTINGS, SOURCE, said};

/// The public key of RFC 8032's first test, under its own id and another.
const KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const ID: &str = "21fe31dfa154a261";

#[test]
fn every_mistake_about_the_audit_has_its_message() {
    let mistakes: [(&str, String, &str); 7] = [
        (
            "two keys",
            "signing_key_env = \"A\"\nsigning_key_file = \"a\"".to_owned(),
            "two signing keys; name one of `signing_key_env` and `signing_key_file`",
        ),
        (
            "no duration",
            "checkpoint_every = \"hourly\"".to_owned(),
            "`hourly` is not a duration",
        ),
        (
            "too often",
            "checkpoint_every = \"1 second\"".to_owned(),
            "`1 second` is too often; at least 10 seconds",
        ),
        (
            "no key",
            "public_keys = { a = \"b\" }".to_owned(),
            "`b` is no public key",
        ),
        (
            "another id",
            format!("public_keys = {{ 0123456789abcdef = \"{KEY}\" }}"),
            "the key under `0123456789abcdef` has the id",
        ),
        (
            "nothing to tell",
            "tell = \"finance\"".to_owned(),
            "`tell` without a signing key: there is nothing to tell",
        ),
        (
            "nobody to tell",
            "signing_key_file = \"a\"\ntell = \"finanse\"".to_owned(),
            "`finanse`",
        ),
    ];
    for (what, wrong, expected) in mistakes {
        let said = said(&format!("{SETTINGS}\n[audit]\n{wrong}\n"), SOURCE);
        let is_said = said.iter().any(|said| said.contains(expected));
        assert!(is_said, "{what}: {said:#?}");
    }
    let right = format!(
        "{SETTINGS}\n[audit]\nsigning_key_file = \"a\"\npublic_keys = {{ {ID} = \"{KEY}\" }}\n\
         checkpoint_every = \"15 minutes\"\ntell = \"finance\"\npublish = {{ url = \"there\" }}\n"
    );
    assert_eq!(said(&right, SOURCE), Vec::<String>::new());
}
