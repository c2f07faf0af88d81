//! Exceptions as they are printed (causes first, groups as trees), and the event's order of them.

use std::collections::VecDeque;

use crate::{
    event::{Exception, Frame, Link, Parent},
    limits::{MAX_EXCEPTIONS, MAX_FRAMES},
};

/// An exception with what hangs on it.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) exception: Exception,
    /// How it hangs on the next one of its chain.
    pub(crate) link: Option<Link>,
    /// The members of a group, each a chain.
    pub(crate) members: Vec<Vec<Node>>,
}

/// Appends a chain (root cause first, the one that surfaced last) in the event's order: the surfaced one, its
/// members, then its cause, and so on; at most [`MAX_EXCEPTIONS`] in all.
pub(crate) fn flatten(chain: Vec<Node>, parent: Option<Parent>, into: &mut Vec<Exception>) {
    let mut parent = parent;
    let mut nodes = chain.into_iter().rev().peekable();
    while let Some(node) = nodes.next() {
        if into.len() >= MAX_EXCEPTIONS {
            return;
        }
        let index = into.len();
        into.push(Exception {
            parent,
            ..node.exception
        });
        for member in node.members {
            flatten(
                member,
                Some(Parent {
                    index,
                    link: Link::Member,
                }),
                into,
            );
        }
        parent = nodes.peek().map(|next| Parent {
            index,
            link: next.link.unwrap_or(Link::Context),
        });
    }
}

/// The frames of one exception as they arrive: the first half and the last half of [`MAX_FRAMES`].
#[derive(Debug, Default)]
pub(crate) struct Frames {
    head: Vec<Frame>,
    tail: VecDeque<Frame>,
    n_omitted: usize,
}

impl Frames {
    pub(crate) fn push(&mut self, frame: Frame) {
        if self.head.len() < MAX_FRAMES / 2 {
            self.head.push(frame);
            return;
        }
        if self.tail.len() == MAX_FRAMES / 2 {
            self.tail.pop_front();
            self.n_omitted += 1;
        }
        self.tail.push_back(frame);
    }

    pub(crate) fn last(&mut self) -> Option<&mut Frame> {
        self.tail.back_mut().or(self.head.last_mut())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_empty()
    }

    /// The frames in the order in which they came.
    pub(crate) fn into_vec(self) -> Vec<Frame> {
        let mut frames = self.head;
        frames.extend(self.tail);
        frames
    }
}
