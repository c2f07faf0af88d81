//! The only way out of an install job: an HTTP proxy that reaches the registries it is told, and nothing else.
//!
//! It listens on a socket in a folder that is mounted into the job (whose network has no other way), looks up names and
//! dials on the job's behalf. `CONNECT` reaches a registry's TLS port; what is said there is between pip or npm and the
//! registry. For a registry without TLS, `GET` and `HEAD` with a whole address are passed on. A job gets so much time,
//! so many connections and bytes.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Write},
    net::{Shutdown, TcpStream, ToSocketAddrs},
    os::{
        fd::AsRawFd,
        unix::{
            fs::PermissionsExt,
            net::{UnixListener, UnixStream},
        },
    },
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Context;

use super::{
    origin::{Origin, Scheme, host_and_port, is_inside},
    upstream::Upstream,
};

/// The socket's name in its folder.
pub(super) const SOCKET: &str = "way-out";
/// The longest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 16 << 10;
/// Header lines of a request.
const MAX_HEADERS: usize = 64;
/// Connections at once: npm opens 15, pip one or two.
const MAX_CONNECTIONS: usize = 48;
/// What a job may send in all: names, versions, handshakes.
const MAX_SENT_BYTES: u64 = 32 << 20;
/// How long a registry may take to be reached, and to say its next word.
const DIAL: Duration = Duration::from_secs(15);
const SILENCE: Duration = Duration::from_secs(90);
/// How many refused addresses are kept to be told.
const MAX_TOLD: usize = 5;

/// A registry that a job may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Registry {
    pub(crate) origin: Origin,
    pub(crate) reach: Reach,
}

/// Where a registry's name may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To public addresses: whoever answers for a public name must not lead a job into our own network.
    Public,
    /// Anywhere: the user has named this host.
    Any,
}

/// The running proxy of one job; dropped, it is gone with all its connections.
pub(super) struct Proxy {
    shared: Arc<Shared>,
    folder: File,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    registries: Vec<Registry>,
    upstream: Upstream,
    over: AtomicBool,
    received_left: AtomicU64,
    sent_left: AtomicU64,
    /// Both ends of every connection by its number, to be shut in the end.
    open: Mutex<BTreeMap<u64, (UnixStream, Option<TcpStream>)>>,
    refused: Mutex<Vec<String>>,
}

impl Proxy {
    /// Listens in a folder, on which everyone may then act who can reach it: its parent must be private.
    pub(super) fn start(
        folder: &Path,
        registries: Vec<Registry>,
        upstream: Upstream,
        max_bytes: u64,
    ) -> anyhow::Result<Self> {
        let opened = File::open(folder).context("opening the proxy's folder")?;
        // Through the descriptor, as the path of a socket may have 107 bytes only.
        let listener =
            UnixListener::bind(place(&opened)).context("listening for the install job")?;
        // The job has another uid.
        for (path, mode) in [(folder.join(SOCKET), 0o666), (folder.to_owned(), 0o755)] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        }
        let shared = Arc::new(Shared {
            registries,
            upstream,
            over: AtomicBool::new(false),
            received_left: AtomicU64::new(max_bytes),
            sent_left: AtomicU64::new(MAX_SENT_BYTES),
            open: Mutex::default(),
            refused: Mutex::default(),
        });
        let served = Arc::clone(&shared);
        let accepting = thread::Builder::new()
            .name("install-proxy".to_owned())
            .spawn(move || accept(&listener, &served))
            .context("starting the install job's proxy")?;
        Ok(Self {
            shared,
            folder: opened,
            accepting: Some(accepting),
        })
    }

    /// What the job asked for and did not get, for people.
    pub(super) fn complaints(&self) -> Vec<String> {
        let mut told = lock(&self.shared.refused).clone();
        if self.shared.received_left.load(Ordering::Relaxed) == 0 {
            told.push("more was downloaded than an installation may".to_owned());
        }
        told
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // Wakes the one that waits for connections.
        drop(UnixStream::connect(place(&self.folder)));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join()); // Our own panic has been told on standard error.
        }
    }
}

fn place(folder: &File) -> String {
    format!("/proc/self/fd/{}/{SOCKET}", folder.as_raw_fd())
}

fn accept(listener: &UnixListener, shared: &Arc<Shared>) {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    for (number, client) in (0..).zip(listener.incoming()) {
        if shared.over.load(Ordering::SeqCst) {
            break;
        }
        let Ok(client) = client else {
            // Out of descriptors, as a rule: others may become free.
            thread::sleep(Duration::from_millis(50));
            continue;
        };
        threads.retain(|t| !t.is_finished());
        if threads.len() >= MAX_CONNECTIONS {
            drop(answer(
                &client,
                "503 Service Unavailable",
                "too many connections",
            ));
            continue;
        }
        let served = Arc::clone(shared);
        let spawned = thread::Builder::new().spawn(move || {
            if let Err(error) = serve(number, &client, &served) {
                tracing::debug!("an install job's connection ended: {error}");
            }
            lock(&served.open).remove(&number);
            drop(client.shutdown(Shutdown::Both));
        });
        threads.extend(spawned);
    }
    for (client, remote) in lock(&shared.open).values() {
        drop(client.shutdown(Shutdown::Both));
        if let Some(remote) = remote {
            drop(remote.shutdown(Shutdown::Both));
        }
    }
    for thread in threads {
        drop(thread.join());
    }
}

/// One connection of the job's, to its end.
fn serve(number: u64, client: &UnixStream, shared: &Shared) -> io::Result<()> {
    client.set_read_timeout(Some(SILENCE))?;
    client.set_write_timeout(Some(SILENCE))?;
    shared.keep(number, client.try_clone()?, None)?;
    let (head, rest) = read_head(client)?;
    let request = match Request::read(&head) {
        Ok(request) => request,
        Err(why) => return answer(client, "400 Bad Request", &format!("{why:#}")),
    };
    let origin = request.origin();
    let Some(registry) = shared.registries.iter().find(|r| &r.origin == origin) else {
        // What it asked for is the job's word: only a name and a port of it are told.
        let mut refused = lock(&shared.refused);
        let told = format!("{origin} is no registry that may be reached");
        if refused.len() < MAX_TOLD && !refused.contains(&told) {
            refused.push(told);
        }
        drop(refused);
        return answer(
            client,
            "403 Forbidden",
            "no registry of this installation answers there",
        );
    };
    let (remote, greeting) = match dial(registry, &request, &shared.upstream) {
        Ok(dialled) => dialled,
        Err(error) => {
            let mut refused = lock(&shared.refused);
            if refused.len() < MAX_TOLD {
                refused.push(format!("{origin} cannot be reached: {error}"));
            }
            drop(refused);
            return answer(client, "502 Bad Gateway", "the registry cannot be reached");
        }
    };
    remote.set_read_timeout(Some(SILENCE))?;
    remote.set_write_timeout(Some(SILENCE))?;
    shared.keep(number, client.try_clone()?, Some(remote.try_clone()?))?;
    match &request {
        Request::Tunnel(_) => {
            let mut to = client;
            to.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            to.write_all(&greeting)?;
            let mut to = &remote;
            to.write_all(&rest)?;
            // A download may keep the job silent for long: that side ends with the other.
            client.set_read_timeout(None)?;
            thread::scope(|scope| {
                scope.spawn(|| {
                    copy(client, &remote, &shared.sent_left);
                    drop(remote.shutdown(Shutdown::Write));
                });
                copy(&remote, client, &shared.received_left);
                drop(client.shutdown(Shutdown::Both));
                drop(remote.shutdown(Shutdown::Both));
            });
        }
        Request::Fetch { .. } => {
            copy(&remote, client, &shared.received_left);
        }
    }
    Ok(())
}

impl Shared {
    /// Notes a connection's ends, so that they can be shut from outside.
    fn keep(&self, number: u64, client: UnixStream, remote: Option<TcpStream>) -> io::Result<()> {
        let mut open = lock(&self.open);
        if self.over.load(Ordering::SeqCst) {
            return Err(io::Error::other("the job is over"));
        }
        open.insert(number, (client, remote));
        Ok(())
    }
}

/// What a job may ask for.
#[derive(Debug)]
enum Request {
    /// `CONNECT`: bytes to and from a registry's TLS port.
    Tunnel(Origin),
    /// A file of a registry without TLS.
    Fetch {
        origin: Origin,
        method: &'static str,
        path: String,
        headers: Vec<u8>,
    },
}

impl Request {
    fn origin(&self) -> &Origin {
        match self {
            Request::Tunnel(origin) | Request::Fetch { origin, .. } => origin,
        }
    }

    /// # Errors
    /// Where it is neither of the two; the text says why.
    fn read(head: &[u8]) -> anyhow::Result<Self> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let status = parsed.parse(head).context("this is no HTTP request")?;
        anyhow::ensure!(status.is_complete(), "this is half an HTTP request");
        let target = parsed.path.unwrap_or_default();
        let method = match parsed.method.unwrap_or_default() {
            "CONNECT" => {
                let (host, port) = host_and_port(target)?;
                return Ok(Request::Tunnel(Origin {
                    scheme: Scheme::Https,
                    host,
                    port: port.context("CONNECT needs a port")?,
                }));
            }
            "GET" => "GET",
            "HEAD" => "HEAD",
            _ => anyhow::bail!("only CONNECT, GET and HEAD are passed on"),
        };
        let (origin, path) = Origin::split(target)?;
        anyhow::ensure!(
            origin.scheme == Scheme::Http,
            "TLS is for the client to speak, through CONNECT"
        );
        let path = path.split('#').next().unwrap_or_default();
        let mut kept = Vec::new();
        for header in parsed.headers {
            // Those between two hops are ours to say, and there is no body.
            let name = header.name.to_ascii_lowercase();
            let ours = [
                "connection",
                "content-length",
                "expect",
                "host",
                "keep-alive",
                "te",
                "trailer",
                "transfer-encoding",
                "upgrade",
            ];
            if !ours.contains(&name.as_str()) && !name.starts_with("proxy-") {
                kept.extend_from_slice(header.name.as_bytes());
                kept.extend_from_slice(b": ");
                kept.extend_from_slice(header.value);
                kept.extend_from_slice(b"\r\n");
            }
        }
        Ok(Request::Fetch {
            origin,
            method,
            path: match path.starts_with('/') {
                true => path.to_owned(),
                false => format!("/{path}"),
            },
            headers: kept,
        })
    }
}

/// Connects to a registry, and says there what comes before the job's own words. Gives also what the registry has
/// already answered.
fn dial(
    registry: &Registry,
    request: &Request,
    upstream: &Upstream,
) -> io::Result<(TcpStream, Vec<u8>)> {
    let origin = &registry.origin;
    let via = upstream.to(origin);
    let remote = match via {
        // The proxy looks the name up, in its own network: nothing is to be checked here.
        Some(via) => connect(&via.host, via.port, Reach::Any)?,
        None => connect(&origin.host, origin.port, registry.reach)?,
    };
    let authorization = via
        .and_then(|via| via.authorization.as_ref())
        .map(|a| format!("Proxy-Authorization: {a}\r\n"))
        .unwrap_or_default();
    let mut to = &remote;
    match request {
        Request::Tunnel(_) if via.is_some() => {
            let host = match origin.host.contains(':') {
                true => format!("[{}]:{}", origin.host, origin.port),
                false => format!("{}:{}", origin.host, origin.port),
            };
            let head = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n{authorization}\r\n");
            to.write_all(head.as_bytes())?;
            remote.set_read_timeout(Some(DIAL))?;
            let (answer, rest) = read_head(&remote)?;
            let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
            let mut parsed = httparse::Response::new(&mut headers);
            parsed.parse(&answer).map_err(io::Error::other)?;
            match parsed.code {
                Some(200..=299) => Ok((remote, rest)),
                code => Err(io::Error::other(format!(
                    "the proxy answered with status {}",
                    code.unwrap_or_default()
                ))),
            }
        }
        Request::Tunnel(_) => Ok((remote, Vec::new())),
        Request::Fetch {
            method,
            path,
            headers,
            ..
        } => {
            let whole = match via {
                Some(_) => format!("{origin}{path}"),
                None => path.clone(),
            };
            let host = origin.authority();
            let head = format!(
                "{method} {whole} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{authorization}"
            );
            to.write_all(&[head.as_bytes(), headers, b"\r\n"].concat())?;
            Ok((remote, Vec::new()))
        }
    }
}

fn connect(host: &str, port: u16, reach: Reach) -> io::Result<TcpStream> {
    let mut failure = io::Error::other("its name has no address");
    for address in (host, port).to_socket_addrs()? {
        if reach == Reach::Public && is_inside(address.ip()) {
            failure = io::Error::other("its name leads into a private network");
            continue;
        }
        match TcpStream::connect_timeout(&address, DIAL) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Reads up to the empty line; gives also what came after it.
fn read_head(mut from: impl Read) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut head = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let n = from.read(&mut chunk)?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(&chunk[..n]);
        if let Some(end) = head.windows(4).position(|w| w == b"\r\n\r\n") {
            let rest = head.split_off(end + 4);
            return Ok((head, rest));
        }
        if head.len() > MAX_HEAD_BYTES {
            return Err(io::Error::other("the head is too long"));
        }
    }
}

/// Copies until the one ends, the other takes no more, or the allowance is used up.
fn copy(mut from: impl Read, mut to: impl Write, left: &AtomicU64) {
    let mut chunk = [0; 1 << 16];
    loop {
        let n = match from.read(&mut chunk) {
            Ok(0) => return,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        let spend = |left: u64| Some(left.saturating_sub(n as u64));
        let before = left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend)
            .unwrap_or(0);
        if before < n as u64 || to.write_all(&chunk[..n]).is_err() {
            return;
        }
    }
}

fn answer(mut to: &UnixStream, status: &str, why: &str) -> io::Result<()> {
    let length = why.len() + 1;
    let text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{why}\n"
    );
    to.write_all(text.as_bytes())
}

/// A value that stays whole whoever panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// A registry that answers with the head that it was sent.
    fn echo() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Ok((head, _)) = read_head(&stream) else {
                    continue;
                };
                let sent = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), head].concat();
                stream.write_all(&sent).unwrap();
            }
        });
        port
    }

    fn local(scheme: Scheme, port: u16, reach: Reach) -> Registry {
        let host = "127.0.0.1".to_owned();
        Registry {
            origin: Origin { scheme, host, port },
            reach,
        }
    }

    /// What the proxy of these registries answers to these words, and what it then complains about.
    fn ask(registries: Vec<Registry>, upstream: Upstream, max_bytes: u64, words: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let proxy = Proxy::start(folder.path(), registries, upstream, max_bytes).unwrap();
        let mut client = UnixStream::connect(place(&proxy.folder)).unwrap();
        client.write_all(words.as_bytes()).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        format!(
            "{}\n{}",
            String::from_utf8_lossy(&answer),
            proxy.complaints().join("\n")
        )
    }

    #[test]
    fn only_the_registries_are_reached() {
        let (here, other) = (echo(), echo());
        let check = |words: &str, expected: &str| {
            let words = words.replace("HERE", &here.to_string());
            let words = words.replace("OTHER", &other.to_string());
            let registries = vec![
                local(Scheme::Http, here, Reach::Any),
                Registry {
                    origin: Origin::https("pypi.org"),
                    reach: Reach::Public,
                },
            ];
            let answer = ask(registries, Upstream::default(), 1 << 20, &words);
            assert!(answer.contains(expected), "{words}: {answer}");
        };
        check(
            "GET http://127.0.0.1:HERE/a?b#c HTTP/1.1\r\nHost: evil\r\nAccept: x\r\nProxy-Authorization: y\r\n\r\n",
            &format!(
                "GET /a?b HTTP/1.1\r\nHost: 127.0.0.1:{here}\r\nConnection: close\r\nAccept: x\r\n\r\n"
            ),
        );
        check(
            "GET http://127.0.0.1:HERE HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1",
        );
        check(
            "GET http://127.0.0.1:OTHER/ HTTP/1.1\r\n\r\n",
            "403 Forbidden",
        );
        check(
            "GET http://127.0.0.1:OTHER/ HTTP/1.1\r\n\r\n",
            "is no registry that may be reached",
        );
        check(
            "GET http://localhost:HERE/ HTTP/1.1\r\n\r\n",
            "403 Forbidden",
        );
        check(
            "GET http://127.0.0.1:HERE@127.0.0.1:OTHER/ HTTP/1.1\r\n\r\n",
            "400 Bad Request",
        );
        // A registry without TLS is no place for a tunnel, through which anything can be said.
        check("CONNECT 127.0.0.1:HERE HTTP/1.1\r\n\r\n", "403 Forbidden");
        check("CONNECT pypi.org:80 HTTP/1.1\r\n\r\n", "403 Forbidden");
        check("CONNECT pypi.org HTTP/1.1\r\n\r\n", "needs a port");
        check("CONNECT pypi.org.:443 HTTP/1.1\r\n\r\n", "403 Forbidden");
        check(
            "CONNECT pypi.org.evil.example:443 HTTP/1.1\r\n\r\n",
            "403 Forbidden",
        );
        check("POST http://127.0.0.1:HERE/ HTTP/1.1\r\n\r\n", "400 Bad");
        check("GET /etc/passwd HTTP/1.1\r\n\r\n", "400 Bad Request");
        check("GET https://pypi.org/ HTTP/1.1\r\n\r\n", "400 Bad Request");
        check("nonsense\r\n\r\n", "400 Bad Request");
    }

    #[test]
    fn a_tunnel_carries_bytes_both_ways() {
        let port = echo();
        let words =
            format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\nGET /inside HTTP/1.1\r\n\r\n");
        let registries = vec![local(Scheme::Https, port, Reach::Any)];
        let answer = ask(registries, Upstream::default(), 1 << 20, &words);
        assert!(answer.contains("200 Connection established"), "{answer}");
        assert!(answer.contains("GET /inside"), "{answer}");
    }

    #[test]
    fn a_public_name_does_not_lead_into_our_network() {
        let port = echo();
        let words = format!("GET http://127.0.0.1:{port}/ HTTP/1.1\r\n\r\n");
        let registries = vec![local(Scheme::Http, port, Reach::Public)];
        let answer = ask(registries, Upstream::default(), 1 << 20, &words);
        assert!(answer.contains("502 Bad Gateway"), "{answer}");
        assert!(answer.contains("leads into a private network"), "{answer}");
    }

    #[test]
    fn a_download_beyond_the_allowance_is_cut() {
        let port = echo();
        let words = format!(
            "GET http://127.0.0.1:{port}/{} HTTP/1.1\r\n\r\n",
            "a".repeat(4000)
        );
        let registries = vec![local(Scheme::Http, port, Reach::Any)];
        let answer = ask(registries, Upstream::default(), 1000, &words);
        assert!(answer.len() < 1200, "{answer}");
        assert!(answer.contains("more was downloaded"), "{answer}");
    }

    #[test]
    fn the_machines_own_proxy_is_gone_through() {
        let port = echo();
        let upstream = Upstream::of(|name| {
            (name == "ALL_PROXY").then(|| format!("http://user:word@127.0.0.1:{port}"))
        })
        .unwrap();
        let registry = Registry {
            origin: Origin::of("http://index.example/").unwrap(),
            reach: Reach::Public,
        };
        let words = "GET http://index.example/simple/ HTTP/1.1\r\n\r\n";
        let answer = ask(vec![registry], upstream, 1 << 20, words);
        assert!(
            answer.contains("GET http://index.example/simple/ HTTP/1.1\r\nHost: index.example\r\n"),
            "{answer}"
        );
        assert!(
            answer.contains("Proxy-Authorization: Basic dXNlcjp3b3Jk"),
            "{answer}"
        );
    }

    #[test]
    fn a_job_that_keeps_silent_does_not_keep_its_proxy() {
        let folder = tempfile::tempdir().unwrap();
        let proxy = Proxy::start(folder.path(), Vec::new(), Upstream::default(), 1).unwrap();
        let _silent: Vec<_> = (0..3)
            .map(|_| UnixStream::connect(place(&proxy.folder)).unwrap())
            .collect();
        let begun = std::time::Instant::now();
        drop(proxy);
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}
