//! One HTTP exchange: bounded in time from the first packet to the last byte of the body, bounded in
//! size, and never redirected.

use std::io::{self, Read as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Url};

use super::address::is_loopback;
use super::key_removal::KeyRemoval;
use super::lost::{BodyLoss, CONNECT_TIMEOUT, Lost, chain};
use crate::config::LlmConfig;

/// TCP keep-alive: a slow model sends nothing for minutes, and routers drop idle connections.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// A hundred times the longest answer that anyone configures.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// A failure's message stands at its beginning.
const MAX_ERROR_BODY_BYTES: usize = 64 * 1024;
const CHUNK_BYTES: usize = 64 * 1024;

/// A connection to one endpoint.
pub(super) struct Transport {
    client: Option<Client>,
    authorization: Option<HeaderValue>,
    key_removal: KeyRemoval,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    /// HTTP status.
    pub(super) status: u16,
    /// Headers.
    pub(super) headers: HeaderMap,
    /// The whole body; of a failure, its beginning.
    pub(super) body: Vec<u8>,
}

impl Transport {
    /// Prepares a client; connects to nothing yet.
    ///
    /// # Errors
    /// A sentence: the file of certificate authorities cannot be used, or TLS cannot start.
    pub(super) fn new(config: &LlmConfig) -> Result<Self, String> {
        // Makes ring rustls's provider, unless another one is installed already.
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut builder = Client::builder()
            .user_agent(concat!("autonomous-monitor/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_keepalive(KEEPALIVE)
            // No pool: requests are minutes apart, and an idle connection would be closed by then.
            .pool_max_idle_per_host(0);
        if is_loopback(&config.base_url) {
            builder = builder.no_proxy();
            if config.base_url.scheme() == "http" {
                // Plain HTTP needs no certificates, which a small machine may not have.
                builder = builder.tls_certs_only([]);
            }
        }
        if let Some(path) = &config.ca_file {
            builder = builder.tls_certs_merge(authorities(path)?);
        }
        let client = builder.build().map_err(|error| {
            format!("the HTTPS client cannot start ({}): install the system's CA certificates", chain(&error))
        })?;
        let authorization = config.api_key.as_ref().and_then(|key| {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose())).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        Ok(Self { client: Some(client), authorization, key_removal: KeyRemoval::of(config.api_key.as_ref()) })
    }

    /// What keeps the key out of texts.
    pub(super) fn key_removal(&self) -> &KeyRemoval {
        &self.key_removal
    }

    /// Asks with a JSON body.
    pub(super) fn post(&self, url: &Url, body: String, timeout: Duration) -> Result<Reply, Lost> {
        self.exchange(url, timeout, |client| {
            client.post(url.clone()).header(CONTENT_TYPE, "application/json").body(body)
        })
    }

    /// Asks without a body.
    pub(super) fn get(&self, url: &Url, timeout: Duration) -> Result<Reply, Lost> {
        self.exchange(url, timeout, |client| client.get(url.clone()))
    }

    fn exchange(
        &self,
        url: &Url,
        timeout: Duration,
        request: impl FnOnce(&Client) -> RequestBuilder,
    ) -> Result<Reply, Lost> {
        let started = Instant::now();
        let Some(client) = &self.client else { return Err(Lost::unknown(url, "the client is gone")) };
        let mut request = request(client);
        // A user and a password in the base URL are an authorization of their own.
        if let Some(authorization) = self.authorization.as_ref().filter(|_| url.username().is_empty()) {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        // Set on the request, not on the client, the timeout covers the body as well.
        let result = request.timeout(timeout).send();
        let mut response = result.map_err(|error| self.cleaned(Lost::of_request(&error, url, timeout)))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let limit = if response.status().is_success() { Limit::Refuse } else { Limit::Truncate };
        let body = read_body(&mut response, limit, started + timeout)
            .map_err(|loss| self.cleaned(loss.told(url, timeout)))?;
        Ok(Reply { status, headers, body })
    }

    fn cleaned(&self, lost: Lost) -> Lost {
        Lost { sentence: self.key_removal.text(&lost.sentence), ..lost }
    }
}

impl Drop for Transport {
    /// Does not wait for the client's thread, which may hang in a DNS lookup that cannot be interrupted.
    fn drop(&mut self) {
        let client = self.client.take();
        let _ = thread::Builder::new().spawn(move || drop(client));
    }
}

/// The certificates in a PEM file.
fn authorities(path: &Path) -> Result<Vec<Certificate>, String> {
    let told = |cause: &str| {
        format!("the CA file {} cannot be used ({cause}): give a PEM file of certificates", path.display())
    };
    let pem = std::fs::read(path).map_err(|error| told(&error.to_string()))?;
    let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| told(&chain(&error)))?;
    if certificates.is_empty() { Err(told("no certificate in it")) } else { Ok(certificates) }
}

/// What to do with a body that is too large.
#[derive(Clone, Copy)]
enum Limit {
    Refuse,
    Truncate,
}

fn read_body(response: &mut Response, limit: Limit, deadline: Instant) -> Result<Vec<u8>, BodyLoss> {
    let mut body = Vec::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        if Instant::now() >= deadline {
            return Err(BodyLoss::TooSlow);
        }
        let length = match response.read(&mut chunk) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if is_timeout(&error) => return Err(BodyLoss::TooSlow),
            // Of a failure's message, the beginning will do.
            Err(_) if matches!(limit, Limit::Truncate) => return Ok(body),
            Err(error) => return Err(BodyLoss::Broken(error)),
        };
        if length == 0 {
            return Ok(body);
        }
        body.extend_from_slice(chunk.get(..length).unwrap_or_default());
        match limit {
            Limit::Refuse if body.len() > MAX_BODY_BYTES => {
                return Err(BodyLoss::TooLarge { limit_bytes: MAX_BODY_BYTES });
            }
            Limit::Truncate if body.len() > MAX_ERROR_BODY_BYTES => return Ok(body),
            _ => {}
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
    error.kind() == io::ErrorKind::TimedOut || inner.is_some_and(reqwest::Error::is_timeout)
}
