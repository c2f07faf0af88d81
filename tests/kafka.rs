//! A Kafka broker, and a client that is not ours.

use std::{
    fs,
    io::Write,
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::installed::{installed, pip};

/// A broker of its own cluster, without ZooKeeper; it ends with this value.
pub struct Kafka {
    folder: tempfile::TempDir,
    broker: Child,
    port: u16,
}

/// A message as the client writes and reads it. Without a partition it goes where its key says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Message {
    /// The partition.
    pub partition: Option<u32>,
    /// The key.
    pub key: Option<String>,
    /// What it holds.
    pub value: String,
    /// Further words about it; empty when written.
    pub headers: Vec<(String, String)>,
}

const PRODUCE: &str = r#"
import json, sys, kafka
producer = kafka.KafkaProducer(bootstrap_servers=sys.argv[1], compression_type=sys.argv[3], linger_ms=5)
encode = lambda text: None if text is None else text.encode()
sent = [producer.send(sys.argv[2], encode(m["value"]), encode(m["key"]), partition=m["partition"]) for m in map(json.loads, sys.stdin)]
for future in sent:
    future.get(30)
"#;

const CONSUME: &str = r#"
import json, sys, kafka
decode = lambda text: None if text is None else text.decode()
consumer = kafka.KafkaConsumer(sys.argv[2], bootstrap_servers=sys.argv[1], auto_offset_reset="earliest", consumer_timeout_ms=3000)
for m in consumer:
    print(json.dumps({"partition": m.partition, "key": decode(m.key), "value": decode(m.value), "headers": [[k, decode(v)] for k, v in m.headers]}))
"#;

impl Kafka {
    /// Starts a broker. Topics are made when they are first used, with three partitions.
    pub fn start() -> Self {
        let jars = installed(
            "kafka",
            Command::new("mvn")
                .args(["-q", "-B", "-f"])
                .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/kafka/pom.xml"))
                .arg("org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies")
                .arg("-DincludeScope=runtime")
                .arg("-DoutputDirectory=${env.DIR}"),
        )
        .join("*");
        let folder = tempfile::Builder::new()
            .prefix("e2e-kafka-")
            .tempdir()
            .expect("a temporary folder can be made");
        let (port, controller) = (free_port(), free_port());
        let properties = folder.path().join("server.properties");
        let settings = format!(
            "process.roles=broker,controller\nnode.id=1\n\
             controller.quorum.bootstrap.servers=127.0.0.1:{controller}\n\
             listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
             controller.listener.names=CONTROLLER\nlog.dirs={}\nnum.partitions=3\n\
             offsets.topic.replication.factor=1\noffsets.topic.num.partitions=1\n\
             transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n\
             group.initial.rebalance.delay.ms=0\n",
            folder.path().join("data").display()
        );
        fs::write(&properties, settings).expect("the folder is ours");
        let java = |class: &str| {
            let mut java = Command::new("java");
            java.args(["-Xmx384m", "-cp"]).arg(&jars).arg(class);
            java.stdout(Stdio::null()).stderr(Stdio::null());
            java
        };
        let formatted = java("kafka.tools.StorageTool")
            .args([
                "format",
                "--standalone",
                "-t",
                "MkU3OEVBNTcwNTJENDM2Qk",
                "-c",
            ])
            .arg(&properties)
            .status();
        assert!(formatted.is_ok_and(|status| status.success()));
        let broker = java("kafka.Kafka").arg(&properties).spawn();
        let kafka = Self {
            broker: broker.expect("java can be started"),
            folder,
            port,
        };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", kafka.port)).is_err() {
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "no broker after a minute, in {}",
                kafka.folder.path().display()
            );
            thread::sleep(Duration::from_millis(100));
        }
        kafka
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Writes messages with kafka-python, compressed (`gzip`, `zstd`); they are there when this returns.
    pub fn produce(&self, topic: &str, compression: &str, messages: &[Message]) {
        let mut child = self
            .client(PRODUCE, topic)
            .arg(compression)
            .stdin(Stdio::piped())
            .spawn()
            .expect("python3 can be started");
        let mut stdin = child.stdin.take().expect("it is piped");
        for message in messages {
            let line = serde_json::json!({
                "partition": message.partition, "key": message.key, "value": message.value
            });
            writeln!(stdin, "{line}").expect("it reads");
        }
        drop(stdin);
        assert!(child.wait().is_ok_and(|status| status.success()));
    }

    /// Reads all of a topic.
    pub fn consume(&self, topic: &str) -> Vec<Message> {
        let output = self.client(CONSUME, topic).output();
        let output = output.expect("python3 can be started");
        let text = String::from_utf8(output.stdout).expect("it prints JSON");
        let text_of = |value: &Value| value.as_str().map(str::to_owned);
        let message = |line: &str| {
            let message: Value = serde_json::from_str(line).expect("it prints JSON");
            let headers = message["headers"].as_array().expect("a list").iter();
            Message {
                partition: message["partition"].as_u64().map(|number| number as u32),
                key: text_of(&message["key"]),
                value: text_of(&message["value"]).unwrap_or_default(),
                headers: headers
                    .map(|pair| {
                        let text = |at: usize| text_of(&pair[at]).unwrap_or_default();
                        (text(0), text(1))
                    })
                    .collect(),
            }
        };
        text.lines().map(message).collect()
    }

    fn client(&self, script: &str, topic: &str) -> Command {
        let packages = pip(
            "kafka-python",
            &["kafka-python==3.0.12", "zstandard==0.25.0"],
        );
        let mut python = Command::new("python3");
        python
            .args(["-c", script])
            .args([self.address().as_str(), topic])
            .env("PYTHONPATH", packages);
        python
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        let killed = self.broker.kill().and_then(|()| self.broker.wait());
        killed.expect("it is ours");
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are free ports");
    listener.local_addr().expect("it is bound").port()
}
