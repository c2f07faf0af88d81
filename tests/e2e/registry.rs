//! A package index and an npm registry on this machine's loopback, with packages made for the test.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

/// A server of some files by their paths.
pub(crate) struct Registry {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl Registry {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (asked, files) = (Arc::<Mutex<Vec<String>>>::default(), Arc::default());
        let registry = Self {
            address,
            asked: Arc::clone(&asked),
            files: Arc::clone(&files),
        };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let first = lines.next().and_then(Result::ok).unwrap_or_default();
                for line in lines.map_while(Result::ok) {
                    if line.is_empty() {
                        break;
                    }
                }
                let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
                if path.is_empty() {
                    continue; // Whoever tries the machine's ports: no client of ours.
                }
                let found = files.lock().unwrap().get(&path).cloned();
                asked.lock().unwrap().push(path.clone());
                let (status, body) = match found {
                    Some(body) => ("200 OK", body),
                    None => ("404 Not Found", Vec::new()),
                };
                let kind = match path.rsplit('.').next() {
                    Some("whl" | "tgz" | "gz") => "application/octet-stream",
                    _ if body.starts_with(b"{") => "application/json",
                    _ => "text/html",
                };
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                // The client may have seen enough.
                drop(stream.write_all(&[head.as_bytes(), &body].concat()));
            }
        });
        registry
    }

    /// Its address, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// pip's index.
    pub(crate) fn index(&self) -> String {
        format!("{}/simple", self.url())
    }

    pub(crate) fn file(&self, path: &str, content: Vec<u8>) {
        self.files.lock().unwrap().insert(path.to_owned(), content);
    }

    /// The paths that were asked for so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Publishes one file of a Python project.
    pub(crate) fn publish(&self, project: &str, file: &str, content: Vec<u8>) {
        self.file(&format!("/files/{file}"), content);
        let page = format!("<a href='/files/{file}'>{file}</a>");
        self.file(&format!("/simple/{project}/"), page.into_bytes());
    }

    /// Publishes an npm package whose scripts and files are these, and gives its `integrity`.
    pub(crate) fn publish_npm(&self, name: &str, files: &[(&str, &str)]) -> String {
        let mut words = vec!["tgz".to_owned()];
        for (path, text) in files {
            words.extend([format!("package/{path}"), (*text).to_owned()]);
        }
        let made = archive(&words);
        let digest = archive_digest(&made);
        let tarball = format!("/{name}/-/{name}-1.0.0.tgz");
        let packument = format!(
            r#"{{"name": "{name}", "dist-tags": {{"latest": "1.0.0"}}, "versions": {{"1.0.0":
               {{"name": "{name}", "version": "1.0.0", "dist": {{"tarball": "{}{tarball}", "integrity": "{digest}"}}}}}}}}"#,
            self.url()
        );
        self.file(&tarball, made);
        self.file(&format!("/{name}"), packument.into_bytes());
        digest
    }
}

/// A wheel of one version of a project, with these files.
pub(crate) fn wheel(project: &str, version: &str, files: &[(&str, &str)]) -> Vec<u8> {
    let info = format!("{}-{version}.dist-info", project.replace('-', "_"));
    let metadata = format!("Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n");
    let format = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    let mut words = vec!["zip".to_owned()];
    let mut record = String::new();
    let metadata = (format!("{info}/METADATA"), metadata);
    let format = (format!("{info}/WHEEL"), format.to_owned());
    let files = files
        .iter()
        .map(|(p, t)| ((*p).to_owned(), (*t).to_owned()));
    for (path, text) in files.chain([metadata, format]) {
        record += &format!("{path},,\n");
        words.extend([path, text]);
    }
    record += &format!("{info}/RECORD,,\n");
    words.extend([format!("{info}/RECORD"), record]);
    archive(&words)
}

/// An archive of the kind, then path after text.
fn archive(words: &[String]) -> Vec<u8> {
    let make = "
import io, sys, tarfile, zipfile
kind, *rest = sys.argv[1:]
out = io.BytesIO()
pairs = list(zip(rest[::2], rest[1::2]))
if kind == 'zip':
    with zipfile.ZipFile(out, 'w') as archive:
        for path, text in pairs:
            archive.writestr(path, text)
else:
    with tarfile.open(fileobj=out, mode='w:gz') as archive:
        for path, text in pairs:
            info = tarfile.TarInfo(path)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
sys.stdout.buffer.write(out.getvalue())
";
    python(make, words, &[])
}

fn archive_digest(archive: &[u8]) -> String {
    let digest = "
import base64, hashlib, sys
print('sha512-' + base64.b64encode(hashlib.sha512(sys.stdin.buffer.read()).digest()).decode(), end='')
";
    String::from_utf8(python(digest, &[], archive)).unwrap()
}

fn python(program: &str, arguments: &[String], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("python3")
        .args(["-c", program])
        .args(arguments)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}
