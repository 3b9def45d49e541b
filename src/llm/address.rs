//! An endpoint's addresses: where to ask, and how to show it.

use std::net::IpAddr;

use reqwest::Url;

/// The address for questions: a base that already names it is used as it is.
pub(super) fn chat_url(base: &Url) -> Url {
    with_path(base, "/chat/completions")
}

/// The address of the list of models.
pub(super) fn models_url(base: &Url) -> Url {
    with_path(base, "/models")
}

fn with_path(base: &Url, ending: &str) -> Url {
    let path = base.path().trim_end_matches('/');
    let root = path.strip_suffix("/chat/completions").unwrap_or(path).trim_end_matches('/');
    let mut url = base.clone();
    url.set_path(&format!("{root}{ending}"));
    url.set_fragment(None);
    url
}

/// An address for a sentence: without user, password and query, which may hold secrets.
pub(super) fn place(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

/// Whether an address is this machine itself, where no proxy belongs in between.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_local_name = host == "localhost" || host.ends_with(".localhost");
    is_local_name
        || host.parse().is_ok_and(|address: IpAddr| address.is_loopback() || address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_built_from_any_spelling_of_the_base() {
        for (base, chat) in [
            ("http://h:1/v1", "http://h:1/v1/chat/completions"),
            ("http://h:1/v1///", "http://h:1/v1/chat/completions"),
            ("http://h:1", "http://h:1/chat/completions"),
            ("http://h:1/v1/chat/completions", "http://h:1/v1/chat/completions"),
            ("http://h:1/v1/chat/completions/", "http://h:1/v1/chat/completions"),
            ("http://h:1/o/d?api-version=2", "http://h:1/o/d/chat/completions?api-version=2"),
        ] {
            let base = Url::parse(base).unwrap();
            assert_eq!(chat_url(&base).as_str(), chat);
        }
        let base = Url::parse("http://h:1/v1/chat/completions").unwrap();
        assert_eq!(models_url(&base).as_str(), "http://h:1/v1/models");
    }

    #[test]
    fn loopback_is_known_in_every_spelling() {
        for (url, expected) in [
            ("http://localhost:11434/v1", true),
            ("http://127.0.0.2/v1", true),
            ("http://[::1]:8080/v1", true),
            ("http://0.0.0.0:11434/v1", true),
            ("http://10.0.0.1/v1", false),
            ("https://api.example.com/v1", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn an_address_in_a_sentence_shows_no_secret() {
        let url = Url::parse("https://user:pass@h.example:8443/v1/chat?key=secret#x").unwrap();
        assert_eq!(place(&url), "https://h.example:8443/v1/chat");
    }
}
