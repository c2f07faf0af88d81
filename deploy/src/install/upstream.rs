//! How this machine itself reaches the network: directly, or through the proxy that its environment names.

use anyhow::{Context, bail};

use super::origin::{Origin, Scheme, host_and_port};

/// The proxies that `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` name.
#[derive(Debug, Default)]
pub(super) struct Upstream {
    https: Option<Via>,
    http: Option<Via>,
    except: Vec<String>,
}

/// A proxy to go through. What it asks for as a password stays with us: a job never sees it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Via {
    pub(super) host: String,
    pub(super) port: u16,
    /// The value of `Proxy-Authorization`.
    pub(super) authorization: Option<String>,
}

impl std::fmt::Debug for Via {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Upstream {
    /// Reads it from variables; of both spellings the one in lower case counts, as with curl.
    ///
    /// # Errors
    /// Where a proxy is named that is not an HTTP one.
    pub(super) fn of(variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let either = |name: &str| {
            let lower = variable(&name.to_ascii_lowercase());
            lower.or_else(|| variable(name)).filter(|v| !v.is_empty())
        };
        let via = |name: &str| {
            let value = either(name).or_else(|| either("ALL_PROXY"));
            let read = |v: String| Via::parse(&v).with_context(|| format!("the proxy of {name}"));
            value.map(read).transpose()
        };
        let except = either("NO_PROXY").unwrap_or_default();
        Ok(Self {
            https: via("HTTPS_PROXY")?,
            http: via("HTTP_PROXY")?,
            except: except
                .split(',')
                .map(|e| e.trim().trim_start_matches('.').to_ascii_lowercase())
                .filter(|e| !e.is_empty())
                .collect(),
        })
    }

    /// The proxy to a registry, if there is one in between.
    pub(super) fn to(&self, origin: &Origin) -> Option<&Via> {
        let is_excepted = self.except.iter().any(|except| {
            let (host, port) = host_and_port(except).unwrap_or((except.clone(), None));
            let is_host = host == "*"
                || origin.host == host
                || origin
                    .host
                    .strip_suffix(&host)
                    .is_some_and(|h| h.ends_with('.'));
            is_host && port.is_none_or(|p| p == origin.port)
        });
        match origin.scheme {
            _ if is_excepted => None,
            Scheme::Https => self.https.as_ref(),
            Scheme::Http => self.http.as_ref(),
        }
    }
}

impl Via {
    fn parse(value: &str) -> anyhow::Result<Self> {
        let rest = match value.split_once("://") {
            None => value,
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some((scheme, _)) => {
                bail!("only http:// proxies are supported, not {scheme}://")
            }
        };
        let authority = rest.split('/').next().unwrap_or_default();
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (Some(user), authority),
            None => (None, authority),
        };
        let (host, port) = host_and_port(authority)?;
        Ok(Self {
            host,
            port: port.unwrap_or(80),
            authorization: user.map(|user| format!("Basic {}", base64(&decoded(user)))),
        })
    }
}

/// Text of an address without its `%xx`.
fn decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.as_bytes();
    while let Some((first, rest)) = bytes.split_first() {
        let hex = rest
            .get(..2)
            .and_then(|h| std::str::from_utf8(h).ok())
            .filter(|h| *first == b'%' && h.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        out.push(hex.unwrap_or(*first));
        bytes = if hex.is_some() { &rest[2..] } else { rest };
    }
    out
}

/// Source: RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let at = |n: usize| u32::from(chunk.get(n).copied().unwrap_or(0));
        let word = at(0) << 16 | at(1) << 8 | at(2);
        for n in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * n) & 63) as usize];
            out.push(if n <= chunk.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(variables: &[(&str, &str)]) -> anyhow::Result<Upstream> {
        Upstream::of(|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[track_caller]
    fn check(variables: &[(&str, &str)], url: &str, expected: &str) {
        let origin = Origin::of(url).unwrap();
        let seen = match upstream(variables) {
            Ok(upstream) => format!("{:?}", upstream.to(&origin)),
            Err(error) => format!("{error:#}"),
        };
        assert!(seen.contains(expected), "{url}: {seen}");
    }

    #[test]
    fn the_environment_names_the_way_out() {
        let proxied = [
            ("HTTPS_PROXY", "http://one:3128"),
            ("https_proxy", "two:81"),
            ("NO_PROXY", "localhost, .corp.example,other:8443"),
        ];
        check(&[], "https://pypi.org", "None");
        check(&proxied, "https://pypi.org", "Some(two:81)");
        check(&proxied, "http://pypi.org", "None");
        check(&proxied, "https://pypi.corp.example", "None");
        check(&proxied, "https://notcorp.example", "two");
        check(&proxied, "https://other", "two");
        check(&proxied, "https://other:8443", "None");
        check(
            &[("ALL_PROXY", "http://all"), ("NO_PROXY", "*")],
            "http://a",
            "None",
        );
        check(&[("ALL_PROXY", "http://all")], "http://a", "all:80");
        check(&[("ALL_PROXY", "socks5://all")], "http://a", "not socks5");
    }

    #[test]
    fn a_proxys_password_is_said_to_it_and_not_shown() {
        let upstream = upstream(&[("HTTPS_PROXY", "http://user:pa%40ss@one:3128")]).unwrap();
        let via = upstream.to(&Origin::https("pypi.org")).unwrap();
        assert_eq!(via.authorization.as_deref(), Some("Basic dXNlcjpwYUBzcw=="));
        assert_eq!(format!("{via:?}"), "one:3128");
    }
}
