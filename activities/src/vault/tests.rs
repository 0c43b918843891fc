//! The vault's laws: what was sealed is what is opened, by the right key, whole and for its purpose.

use proptest::prelude::*;
use temporalio_common::protos::temporal::api::common::v1::Payload;

use super::*;

const CHUNK: usize = 64 * 1024;

fn ring(ids: &[&str]) -> Vault {
    let entry = |id: &&str| {
        let byte = id.bytes().fold(7u8, u8::wrapping_add);
        let secret = base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            [byte; key_ring::KEY_BYTES],
        );
        format!("{id}:{secret}")
    };
    let entries: Vec<String> = ids.iter().map(entry).collect();
    Vault::new(&KeyRing::parse(&entries.join("\n")).unwrap())
}

fn payload(data: &[u8]) -> Payload {
    let metadata = [("encoding".to_owned(), b"json/plain".to_vec())];
    Payload {
        metadata: metadata.into(),
        data: data.to_vec(),
        ..Default::default()
    }
}

#[test]
fn a_new_key_is_an_entry_of_a_key_ring() {
    let (one, other) = (new_key("k-2026").unwrap(), new_key("k-2026").unwrap());
    assert_ne!(one, other);
    let vault = Vault::new(&KeyRing::parse(&format!(" {one} ,\n\n{other}\n")).unwrap());
    assert_eq!(vault.newest(), one.split_once(':').map(|(id, _)| id));
}

#[test]
fn a_wrong_key_ring_is_refused_without_saying_what_is_in_it() {
    let good = new_key("k").unwrap();
    let (id, secret) = good.split_once(':').unwrap();
    let cases = [
        ("".to_owned(), "empty"),
        (" ,\n".to_owned(), "empty"),
        (secret.to_owned(), "entry 1"),
        (format!("{good},K:{secret}"), "entry 2"),
        (format!("{good},k:{}", &secret[4..]), "entry 2"),
        (format!("k:{secret}x"), "entry 1"),
        (format!(":{secret}"), "entry 1"),
        (format!("{good}\n{good}"), id),
    ];
    for (text, said) in cases {
        let error = KeyRing::parse(&text).unwrap_err().to_string();
        assert!(error.contains(said), "{said}: {error}");
        assert!(!error.contains(&secret[4..]), "{error}");
    }
    assert!(!format!("{:?}", KeyRing::parse(&good).unwrap()).contains(secret));
    assert!(!format!("{:?}", ring(&["a"])).contains("BwcH"));
}

#[test]
fn the_first_key_seals_and_all_open() {
    let (old, both, new) = (ring(&["old"]), ring(&["new", "old"]), ring(&["new"]));
    let (text, object) = (old.seal_text("Zoë"), old.seal_object(b"bytes".to_vec()));
    let sealed = old.payload_codec().seal(payload(b"1")).unwrap();
    assert_eq!(both.open_text(&text).unwrap(), "Zoë");
    assert_eq!(both.open_object(&object).unwrap(), b"bytes");
    assert_eq!(
        both.payload_codec().open(sealed.clone()).unwrap(),
        payload(b"1")
    );
    assert!(both.seal_text("Zoë").starts_with("sealed:new:"));
    let gone = VaultError::UnknownKey {
        id: "old".to_owned(),
    };
    assert_eq!(new.open_text(&text).unwrap_err(), gone);
    assert_eq!(new.open_object(&object).unwrap_err(), gone);
    assert_eq!(new.payload_codec().open(sealed).unwrap_err(), gone);
    assert_eq!(
        Vault::default().open_text(&text).unwrap_err(),
        VaultError::NoKeys
    );
}

#[test]
fn nobody_can_plant_a_sealed_or_an_erased_text() {
    for vault in [Vault::default(), ring(&["a"])] {
        for text in [
            "sealed:a:AAAA",
            "sealed:",
            "erased:no",
            "plain:",
            "plain:sealed:x:y",
        ] {
            let kept = vault.seal_text(text);
            assert_eq!(vault.open_text(&kept).unwrap(), text, "{kept}");
        }
    }
}

#[test]
fn what_is_erased_stays_so_and_can_be_proven_with_the_key() {
    let vault = ring(&["a"]);
    let erased = vault.erase_text("Zoë").unwrap();
    assert!(is_erased(&erased) && !erased.contains("Zo"));
    assert_eq!(
        erased,
        format!("erased:{}", vault.commitment("Zoë").unwrap())
    );
    assert_ne!(erased, ring(&["b"]).erase_text("Zoë").unwrap());
    assert_eq!(vault.erase_text(&erased).unwrap(), erased);
    assert_eq!(vault.seal_text(&erased), erased);
    assert_eq!(vault.open_text(&erased).unwrap(), erased);
    assert_eq!(Vault::default().erase_text("Zoë"), Err(VaultError::NoKeys));
}

#[test]
fn payloads_look_different_each_time_and_plain_ones_pass() {
    let codec = ring(&["a"]).payload_codec();
    let sealed = codec.seal(payload(b"{}")).unwrap();
    assert_ne!(sealed, codec.seal(payload(b"{}")).unwrap());
    assert_eq!(codec.seal(sealed.clone()).unwrap(), sealed);
    assert_eq!(codec.open(sealed).unwrap(), payload(b"{}"));
    assert_eq!(codec.open(payload(b"{}")).unwrap(), payload(b"{}"));
}

#[test]
fn what_was_sealed_for_one_purpose_is_not_opened_as_another() {
    let vault = ring(&["a"]);
    let text = vault.seal_text("text");
    let sealed = text.strip_prefix("sealed:a:").unwrap();
    let sealed = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, sealed);
    let mut as_payload = vault.payload_codec().seal(payload(b"{}")).unwrap();
    as_payload.data = sealed.unwrap();
    let refused = vault.payload_codec().open(as_payload).unwrap_err();
    assert_eq!(refused, VaultError::Damaged { id: "a".to_owned() });
}

#[test]
fn a_token_is_the_one_or_not() {
    let token = Token::new("secret").unwrap();
    assert!(token.is("secret"));
    assert!(
        ["", "secre", "secret ", "Secret"]
            .iter()
            .all(|other| !token.is(other))
    );
}

proptest! {
    #[test]
    fn texts_come_back(text in "\\PC{0,60}") {
        let vault = ring(&["a"]);
        let kept = vault.seal_text(&text);
        prop_assert_eq!(&kept, &vault.seal_text(&text));
        prop_assert_eq!(vault.open_text(&kept).unwrap(), text.as_str());
        prop_assert!(text.is_empty() || kept.starts_with("sealed:a:"));
    }

    #[test]
    fn objects_come_back_whole_and_in_parts(
        length in prop_oneof![0..200usize, CHUNK - 2..CHUNK + 2, 2 * CHUNK - 1..3 * CHUNK],
        cut in any::<[prop::sample::Index; 2]>(),
    ) {
        let plain: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let vault = ring(&["a"]);
        let sealed = vault.seal_object(plain.clone());
        prop_assert_eq!(&sealed, &vault.seal_object(plain.clone()));
        prop_assert!(is_sealed(&sealed));
        prop_assert!(Layout::sizes(length as u64).contains(&(sealed.len() as u64)));
        prop_assert_eq!(&vault.open_object(&sealed).unwrap(), &plain);
        let [one, other] = cut.map(|index| index.index(length + 1));
        let part = one.min(other)..one.max(other);
        let layout = Layout::parse(&sealed[..sealed.len().min(HEADER_BYTES_MAX)]).unwrap();
        let wide = part.start as u64..part.end as u64;
        let range = layout.sealed_range(&wide);
        let bytes = &sealed[range.start as usize..range.end as usize];
        prop_assert_eq!(&vault.open_part(&layout, wide, bytes).unwrap(), &plain[part]);
    }

    #[test]
    fn a_change_anywhere_is_found(
        at in any::<prop::sample::Index>(),
        bit in 0..8u8,
        cut in any::<prop::sample::Index>(),
    ) {
        let vault = ring(&["a"]);
        let sealed = vault.seal_object(vec![1; CHUNK + 10]);
        let mut changed = sealed.clone();
        changed[at.index(sealed.len())] ^= 1 << bit;
        prop_assert!(!is_sealed(&changed) || vault.open_object(&changed).is_err());
        let cut = &sealed[..cut.index(sealed.len())];
        prop_assert!(!is_sealed(cut) || vault.open_object(cut).is_err());
    }
}
