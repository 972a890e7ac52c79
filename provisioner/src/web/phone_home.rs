//! `POST /phone-home/TOKEN`: cloud-init's `phone_home`, a form with the host keys.

use crate::service::Service;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

pub(super) async fn phone_home(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(token): Path<String>,
    form: Result<Form<BTreeMap<String, String>>, FormRejection>,
) -> Response {
    let form = match form {
        Ok(Form(form)) => form,
        Err(error) => return (error.status(), error.body_text()).into_response(),
    };
    match service.phone_home(&token, host_keys(&form), peer.ip()).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(refusal) => refusal.status().into_response(),
    }
}

/// The keys of `pub_key_rsa`, `pub_key_ecdsa`, `pub_key_ed25519`, as `type base64`. cloud-init sends `N/A` for one
/// that the machine does not have (`config/cc_phone_home.py`).
pub(super) fn host_keys(form: &BTreeMap<String, String>) -> Vec<String> {
    form.iter()
        .filter(|(field, _)| field.starts_with("pub_key_"))
        .filter_map(|(_, key)| {
            let mut words = key.split_ascii_whitespace();
            let (kind, data) = (words.next()?, words.next()?);
            // Parsed as a key, so that nothing else can get into somebody's known_hosts.
            format!("{kind} {data}").parse::<daybreak_cloud_init::text::SshKey>().ok()?;
            Some(format!("{kind} {data}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::host_keys;
    use crate::testing::SSH_KEY;
    use std::collections::BTreeMap;

    #[test]
    fn keys_lose_their_comments_and_anything_else_is_dropped() {
        let form = BTreeMap::from([
            ("pub_key_ed25519".to_owned(), format!("{SSH_KEY} root@r1\n")),
            ("pub_key_rsa".to_owned(), "N/A".to_owned()),
            ("pub_key_ecdsa".to_owned(), "ssh-rsa AAAA\n* ssh-rsa BBBB".to_owned()),
            ("hostname".to_owned(), SSH_KEY.to_owned()),
        ]);
        assert_eq!(host_keys(&form), [SSH_KEY]);
    }
}
