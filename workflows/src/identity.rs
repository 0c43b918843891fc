//! Business identities: the workflow ids that make the same thing start once.

use proto::wire::ReconciliationInput;

/// Id of the run that answers `request`: `recon/<source>/<business_date>`, then `/client/<id>` or
/// `/invoice/<id>`, `/g<n>` from the second generation, `/dry` for a dry run, which must not stand
/// in the way of the real one.
///
/// A `/` or `%` in a client or invoice is written `%2F` or `%25`, so that ids can't be confused.
#[must_use]
pub fn run_id(request: &ReconciliationInput) -> String {
    let mut id = format!("recon/{}/{}", request.source, request.business_date);
    if let Some(scope) = &request.scope {
        let part = |name: &str, value: &Option<String>| {
            value
                .as_ref()
                .map_or(String::new(), |value| format!("/{name}/{}", escape(value)))
        };
        id += &part("client", &scope.client);
        id += &part("invoice", &scope.invoice);
    }
    if request.generation > 1 {
        id += &format!("/g{}", request.generation);
    }
    if request.dry_run {
        id += "/dry";
    }
    id
}

/// Whether the run `part` is about one client or one invoice of what the run `whole` is about.
#[must_use]
pub fn is_part_of(part: &str, whole: &str) -> bool {
    let business = |id: &str| -> Option<(String, bool)> {
        let mut segments = id.splitn(4, '/');
        let [recon, source, date] = [segments.next()?, segments.next()?, segments.next()?];
        let rest = segments.next().unwrap_or_default();
        let is_part = ["client/", "invoice/"]
            .iter()
            .any(|name| rest.starts_with(name));
        Some((format!("{recon}/{source}/{date}"), is_part))
    };
    match (business(part), business(whole)) {
        (Some((of_part, true)), Some((of_whole, false))) => of_part == of_whole,
        _ => false,
    }
}

/// Id of the case of a discrepancy.
#[must_use]
pub fn case_id(discrepancy_id: &str) -> String {
    format!("case/{discrepancy_id}")
}

fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('/', "%2F")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::wire::Scope;

    #[test]
    fn a_run_of_a_client_is_a_part_of_the_run_of_its_day() {
        let part = "recon/acme-pay/2026-11-20/client/C%2F1/g2";
        for whole in ["recon/acme-pay/2026-11-20", "recon/acme-pay/2026-11-20/g3"] {
            assert!(is_part_of(part, whole) && !is_part_of(whole, part));
            assert!(!is_part_of(whole, whole) && !is_part_of(part, part));
        }
        for other in [
            "recon/acme-bank/2026-11-20",
            "recon/acme-pay/2026-11-21",
            "",
            "recon/a",
        ] {
            assert!(!is_part_of(part, other) && !is_part_of(other, part));
        }
    }

    #[test]
    fn ids_are_fixed_for_ever() {
        let whole = ReconciliationInput {
            source: "acme-pay".into(),
            business_date: "2026-11-20".into(),
            generation: 1,
            ..Default::default()
        };
        let client = Scope {
            client: Some("C/1".into()),
            invoice: None,
        };
        let invoice = Scope {
            client: None,
            invoice: Some("ABC123".into()),
        };
        for (request, id) in [
            (whole.clone(), "recon/acme-pay/2026-11-20"),
            (
                ReconciliationInput {
                    generation: 2,
                    ..whole.clone()
                },
                "recon/acme-pay/2026-11-20/g2",
            ),
            (
                ReconciliationInput {
                    scope: Some(client),
                    ..whole.clone()
                },
                "recon/acme-pay/2026-11-20/client/C%2F1",
            ),
            (
                ReconciliationInput {
                    scope: Some(invoice),
                    generation: 3,
                    dry_run: true,
                    ..whole
                },
                "recon/acme-pay/2026-11-20/invoice/ABC123/g3/dry",
            ),
        ] {
            assert_eq!(run_id(&request), id);
        }
    }
}
