//! Exceptions as most runtimes print them: outer ones first, each with its frames from the crash outwards.

use crate::{
    event::{Exception, Frame, Link, Parent},
    lang::chain::Frames,
    limits::{MAX_EXCEPTIONS, MAX_MESSAGE_BYTES, MAX_MESSAGE_LINES, MAX_NAME_BYTES, cut},
};

/// Exceptions under assembly, by their index in the event; at most [`MAX_EXCEPTIONS`], what is beyond is dropped.
#[derive(Debug, Default)]
pub(crate) struct Stack(Vec<Part>);

#[derive(Debug, Default)]
struct Part {
    exception: Exception,
    /// Innermost first.
    frames: Frames,
    n_frames: usize,
    n_lines: usize,
}

impl Stack {
    /// A stack with the exception that surfaced.
    pub(crate) fn of(exception: Exception) -> Self {
        let mut stack = Self::default();
        stack.add(exception, None);
        stack
    }

    /// How many exceptions there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds an exception that hangs on an earlier one; its index.
    pub(crate) fn add(&mut self, exception: Exception, parent: Option<(usize, Link)>) -> usize {
        let at = self.0.len();
        let parent = parent.map(|(index, link)| Parent { index, link });
        let is_orphan = parent.is_some_and(|parent| parent.index >= at);
        if at < MAX_EXCEPTIONS && !is_orphan {
            self.0.push(Part {
                exception: Exception {
                    parent,
                    message: cut(&exception.message, MAX_MESSAGE_BYTES).to_owned(),
                    type_name: cut(&exception.type_name, MAX_NAME_BYTES).to_owned(),
                    ..exception
                },
                ..Part::default()
            });
            return at;
        }
        usize::MAX
    }

    /// Adds the next frame outwards.
    pub(crate) fn frame(&mut self, at: usize, frame: Frame) {
        if let Some(part) = self.0.get_mut(at) {
            part.n_frames += 1;
            part.frames.push(frame);
        }
    }

    /// How many frames an exception has had.
    pub(crate) fn n_frames(&self, at: usize) -> usize {
        self.0.get(at).map_or(0, |part| part.n_frames)
    }

    /// The exception as far as it is known, without its frames.
    pub(crate) fn exception(&mut self, at: usize) -> Option<&mut Exception> {
        self.0.get_mut(at).map(|part| &mut part.exception)
    }

    /// Adds a line to a message; whether there was room for it.
    pub(crate) fn message_line(&mut self, at: usize, line: &str) -> bool {
        let Some(part) = self.0.get_mut(at) else {
            return true;
        };
        part.n_lines += 1;
        let message = &mut part.exception.message;
        let has_room =
            part.n_lines < MAX_MESSAGE_LINES && message.len() + line.len() < MAX_MESSAGE_BYTES;
        if has_room {
            if part.n_lines > 1 || !message.is_empty() {
                message.push('\n');
            }
            message.push_str(line);
        }
        has_room
    }

    /// The exceptions in the event's order, frames oldest first, blank lines at a message's end gone.
    pub(crate) fn finish(self) -> Vec<Exception> {
        self.0
            .into_iter()
            .map(|part| {
                let mut frames = part.frames.into_vec();
                frames.reverse();
                let mut exception = part.exception;
                exception
                    .message
                    .truncate(exception.message.trim_end().len());
                Exception {
                    frames,
                    ..exception
                }
            })
            .collect()
    }
}
