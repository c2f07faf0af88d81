//! Where a registry answers: the only part of an address that an install job's way out looks at.

use std::{fmt, net::IpAddr};

use anyhow::{bail, ensure};

/// Scheme, host and port of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) scheme: Scheme,
    /// In lower case; an IPv6 address without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    fn port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

impl Origin {
    /// The origin of an address, and what stands behind it (a path and so on; empty if nothing does).
    ///
    /// # Errors
    /// Where it is no `http` or `https` address, or holds credentials: these would be secrets in a job.
    pub(crate) fn split(url: &str) -> anyhow::Result<(Self, &str)> {
        let (scheme, rest) = match url.split_once("://") {
            Some((s, rest)) if s.eq_ignore_ascii_case("https") => (Scheme::Https, rest),
            Some((s, rest)) if s.eq_ignore_ascii_case("http") => (Scheme::Http, rest),
            _ => bail!("it is no http or https address"),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        ensure!(
            !authority.contains('@'),
            "it holds credentials, and an install job is given no secrets; use an index that needs none"
        );
        let (host, port) = host_and_port(authority)?;
        Ok((
            Self {
                scheme,
                host,
                port: port.unwrap_or(scheme.port()),
            },
            path,
        ))
    }

    /// The origin of an address.
    ///
    /// # Errors
    /// As [`Self::split`].
    pub(crate) fn of(url: &str) -> anyhow::Result<Self> {
        Ok(Self::split(url)?.0)
    }

    /// `https` at this host's usual port.
    pub(crate) fn https(host: &str) -> Self {
        Self {
            scheme: Scheme::Https,
            host: host.to_owned(),
            port: 443,
        }
    }

    /// Host and port as a `Host` header has them; the port only where it is not the usual one.
    pub(crate) fn authority(&self) -> String {
        match self.port == self.scheme.port() {
            true => bracketed(&self.host),
            false => format!("{}:{}", bracketed(&self.host), self.port),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        write!(f, "{scheme}://{}", self.authority())
    }
}

/// The two parts of `host`, `host:port`, `[v6]` or `[v6]:port`, the host in lower case and without brackets.
///
/// # Errors
/// Where it is none of these.
pub(crate) fn host_and_port(authority: &str) -> anyhow::Result<(String, Option<u16>)> {
    let (host, rest) = match authority.strip_prefix('[') {
        Some(v6) => v6.split_once(']').unwrap_or(("", "")),
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    ensure!(
        !host.is_empty() && host.len() <= 255 && host.chars().all(fits),
        "its host is no name"
    );
    let port = match rest.strip_prefix(':') {
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => match port.parse() {
            Ok(port) => Some(port),
            Err(_) => bail!("its port is no number"),
        },
        None if rest.is_empty() => None,
        _ => bail!("its port is no number"),
    };
    Ok((host.to_ascii_lowercase(), port))
}

fn bracketed(host: &str) -> String {
    match host.contains(':') {
        true => format!("[{host}]"),
        false => host.to_owned(),
    }
}

/// Whether an address belongs to this machine or a network around it, not to the public one.
pub(crate) fn is_inside(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_broadcast()
                || v4.is_multicast()
                || a == 0
                // Shared by a provider's customers (RFC 6598); clouds put their metadata there.
                || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.is_multicast()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: &str) {
        let seen = match Origin::split(url) {
            Ok((origin, path)) => format!("{origin} {} {path}", origin.port),
            Err(error) => format!("{error:#}"),
        };
        assert!(seen.contains(expected), "{url}: {seen}");
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        check(
            "https://PyPI.org/simple/?x",
            "https://pypi.org 443 /simple/?x",
        );
        check("HTTP://localhost:8080", "http://localhost:8080 8080 ");
        check("http://[::1]:81/a", "http://[::1]:81 81 /a");
        check("https://user:word@host/simple", "credentials");
        check("https://token@host", "credentials");
        check("https://host\\@evil.example/", "credentials");
        check("https://host:99999/", "no number");
        check("https://host:+1/", "no number");
        check("https:///simple", "no name");
        check("https://a b/", "no name");
        check("file:///etc/passwd", "no http or https");
        check("git+ssh://host/x", "no http or https");
    }

    #[test]
    fn addresses_of_ones_own_network_are_told_from_public_ones() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.100.200",
            "0.0.0.0",
            "::1",
            "::ffff:127.0.0.1",
            "fd00::1",
            "fe80::1",
        ] {
            assert!(is_inside(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["151.101.0.223", "2a04:4e42::223", "100.128.0.1"] {
            assert!(!is_inside(outside.parse().unwrap()), "{outside}");
        }
    }
}
