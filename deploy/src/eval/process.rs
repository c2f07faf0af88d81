//! Runs one outside program to its end or to its deadline.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;

/// More than this of a program's output is not read.
const MAX_OUTPUT_BYTES: u64 = 64 << 20;

/// How a program ended, and what it printed.
pub(crate) struct Finished {
    pub(crate) end: End,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) seconds: f64,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Exit(i32),
    Signal,
    TimedOut,
}

impl Finished {
    pub(crate) fn is_success(&self) -> bool {
        self.end == End::Exit(0)
    }

    /// The last line that says something, of standard error before standard output.
    pub(crate) fn last_words(&self) -> &str {
        last_line(&self.stderr)
            .or(last_line(&self.stdout))
            .unwrap_or(match self.end {
                End::Exit(_) => "it said nothing",
                End::Signal => "killed by a signal",
                End::TimedOut => "ran out of time",
            })
    }
}

/// The last line of a text that is neither indented (a frame) nor what Node ends a crash with and npm an error.
pub(crate) fn last_line(text: &str) -> Option<&str> {
    let is_said = |line: &&str| {
        !line.trim().is_empty()
            && !line.starts_with([' ', '\t'])
            && !line.starts_with("Node.js v")
            && !line.contains("A complete log of this run can be found in")
    };
    text.lines().rfind(is_said).map(str::trim)
}

/// Runs `command` in a process group of its own, which is killed at the deadline.
///
/// Output goes through files, so a grandchild that keeps a pipe open can't hold us up.
pub(crate) fn finish(
    command: &mut Command,
    stdin: &[u8],
    limit: Duration,
) -> anyhow::Result<Finished> {
    let mut input = tempfile::tempfile().context("making a temporary file")?;
    input.write_all(stdin)?;
    input.rewind()?;
    let (mut stdout, mut stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    command.stdin(Stdio::from(input));
    command
        .stdout(Stdio::from(stdout.try_clone()?))
        .stderr(Stdio::from(stderr.try_clone()?));
    command.process_group(0);
    let program = command.get_program().to_string_lossy().into_owned();
    let start = Instant::now();
    let mut child = command
        .spawn()
        .with_context(|| format!("starting {program}"))?;
    let end = loop {
        if let Some(status) = child.try_wait()? {
            break status.code().map_or(End::Signal, End::Exit);
        }
        if start.elapsed() > limit {
            // The child is not reaped yet, so its id still names its group.
            if let Err(error) = rustix::process::kill_process_group(
                rustix::process::Pid::from_child(&child),
                rustix::process::Signal::KILL,
            ) {
                eprintln!("can't end {program}: {error}");
            }
            child.kill()?;
            child.wait()?;
            break End::TimedOut;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let seconds = start.elapsed().as_secs_f64();
    Ok(Finished {
        end,
        stdout: text(&mut stdout)?,
        stderr: text(&mut stderr)?,
        seconds,
    })
}

fn text(file: &mut File) -> std::io::Result<String> {
    file.rewind()?;
    let mut bytes = Vec::new();
    file.take(MAX_OUTPUT_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, limit_ms: u64) -> Finished {
        finish(
            Command::new("sh").args(["-c", script]),
            b"in",
            Duration::from_millis(limit_ms),
        )
        .expect("sh runs")
    }

    #[test]
    fn ends_are_told_apart() {
        let ran = sh("cat; echo oops >&2; exit 3", 10_000);
        assert_eq!(
            (ran.end, ran.stdout.as_str(), ran.last_words()),
            (End::Exit(3), "in", "oops")
        );
        assert_eq!(sh("kill -9 $$", 10_000).end, End::Signal);
    }

    #[test]
    fn the_deadline_ends_grandchildren_too() {
        let ran = sh("sleep 60 & echo $!; wait", 200);
        assert_eq!(ran.end, End::TimedOut);
        assert!(ran.seconds < 10.0);
        // It is killed, and dies when the kernel gets to it. It may stay a zombie for its new parent to reap.
        let is_over = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", ran.stdout.trim()));
            stat.map_or(true, |stat| stat.contains(") Z "))
        };
        let ended = (0..500).any(|_| {
            let over = is_over();
            if !over {
                std::thread::sleep(Duration::from_millis(20));
            }
            over
        });
        assert!(ended, "the grandchild still runs");
    }
}
