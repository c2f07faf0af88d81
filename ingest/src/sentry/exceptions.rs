//! The exception interface of Sentry events: chains from the innermost cause to the outermost, trees for groups.

use serde_json::{Map, Value};

use super::frames;
use crate::{
    event::{Exception, Link, Parent},
    lang::python::split_type,
    limits::{MAX_EXCEPTIONS, MAX_MESSAGE_BYTES, MAX_NAME_BYTES, cut},
    source::clean_text,
};

/// Reads the exceptions of an event in our order: index 0 surfaced.
pub(crate) fn read(
    interface: &Value,
    event: &Map<String, Value>,
    platform: &str,
) -> Vec<Exception> {
    let values = interface.get("values").unwrap_or(interface);
    let single;
    let values: Vec<&Value> = match values {
        Value::Array(values) => values.iter().filter(|value| is_exception(value)).collect(),
        value if is_exception(value) => {
            single = value;
            vec![single]
        }
        _ => Vec::new(),
    };
    let nodes: Vec<Mechanism> = values.iter().map(|value| Mechanism::of(value)).collect();
    let order = order(&nodes);
    let mut exceptions: Vec<Exception> = order
        .into_iter()
        .take(MAX_EXCEPTIONS)
        .map(|(at, parent)| Exception {
            parent,
            ..exception(values[at], platform)
        })
        .collect();
    if let [only] = exceptions.as_mut_slice()
        && only.frames.is_empty()
    {
        // Old clients and native ones put the stack beside the exception.
        only.frames = beside(event).map(frames::read).unwrap_or_default();
    }
    exceptions
}

fn is_exception(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some_and(|value| !value.is_null());
    has("type") || has("value") || has("stacktrace")
}

fn exception(value: &Value, platform: &str) -> Exception {
    let name = frames::text(value.get("type"));
    let name = cut(&name, MAX_NAME_BYTES);
    let reported = value
        .get("module")
        .and_then(Value::as_str)
        .filter(|module| !module.is_empty());
    // `Outer.Inner` of a module is what a traceback calls `module.Outer.Inner`.
    let (outer, type_name) = if platform == "python" {
        split_type(name)
    } else {
        (None, name.to_owned())
    };
    let module = match (reported, outer) {
        (Some(module), Some(outer)) => Some(format!("{module}.{outer}")),
        (module, outer) => module
            .map(|module| cut(module, MAX_NAME_BYTES).to_owned())
            .or(outer),
    };
    let stack = value.get("stacktrace").filter(|stack| !stack.is_null());
    Exception {
        type_name,
        module,
        message: clean_text(&frames::text(value.get("value")), MAX_MESSAGE_BYTES).into_owned(),
        frames: stack.map(frames::read).unwrap_or_default(),
        ..Exception::default()
    }
}

/// A stack that is not inside the exception: the event's own, or that of the thread that crashed.
fn beside(event: &Map<String, Value>) -> Option<&Value> {
    let own = ["stacktrace", "sentry.interfaces.Stacktrace"]
        .iter()
        .find_map(|key| event.get(*key))
        .filter(|stack| !stack.is_null());
    own.or_else(|| {
        let threads = event.get("threads")?;
        let threads = threads.get("values").unwrap_or(threads).as_array()?;
        let is_true =
            |thread: &Value, key: &str| thread.get(key).and_then(Value::as_bool).unwrap_or(false);
        threads
            .iter()
            .find(|thread| is_true(thread, "crashed"))?
            .get("stacktrace")
    })
}

/// How an exception says that it hangs on another one.
#[derive(Debug, Default)]
struct Mechanism {
    id: Option<i64>,
    parent_id: Option<i64>,
    source: Option<String>,
    is_group: bool,
}

impl Mechanism {
    fn of(value: &Value) -> Self {
        let Some(mechanism) = value.get("mechanism") else {
            return Self::default();
        };
        let number = |key: &str| mechanism.get(key).and_then(Value::as_i64);
        Self {
            id: number("exception_id"),
            parent_id: number("parent_id"),
            source: mechanism
                .get("source")
                .and_then(Value::as_str)
                .map(str::to_owned),
            is_group: mechanism
                .get("is_exception_group")
                .and_then(Value::as_bool)
                .unwrap_or(false),
        }
    }

    fn link(&self, is_parent_group: bool) -> Link {
        match self.source.as_deref() {
            Some("__context__") => Link::Context,
            Some("__cause__" | "cause" | "InnerException") => Link::Cause,
            Some(source) if source.contains('[') => Link::Member,
            _ if is_parent_group => Link::Member,
            _ => Link::Cause,
        }
    }
}

/// Indices into the values, and the parent of each as an index into this very list.
fn order(nodes: &[Mechanism]) -> Vec<(usize, Option<Parent>)> {
    tree(nodes).unwrap_or_else(|| {
        (0..nodes.len())
            .rev()
            .enumerate()
            .map(|(index, at)| {
                let parent = index.checked_sub(1).map(|parent| Parent {
                    index: parent,
                    link: nodes[at].link(false),
                });
                (at, parent)
            })
            .collect()
    })
}

/// The order by `exception_id` and `parent_id`, if they are there; what hangs on nothing reachable comes last, under
/// the surfaced one.
fn tree(nodes: &[Mechanism]) -> Option<Vec<(usize, Option<Parent>)>> {
    let has_ids = nodes.len() > 1
        && nodes.iter().all(|node| node.id.is_some())
        && nodes.iter().any(|node| node.parent_id.is_some());
    if !has_ids {
        return None;
    }
    let is_root = |node: &Mechanism| node.parent_id.is_none() || node.parent_id == node.id;
    let root = nodes
        .iter()
        .rposition(is_root)
        .or_else(|| nodes.iter().position(|node| node.id == Some(0)))
        .unwrap_or(nodes.len() - 1);
    let mut order = vec![(root, None)];
    let mut is_placed = vec![false; nodes.len()];
    is_placed[root] = true;
    let mut next = 0;
    while order.len() < nodes.len() {
        if let Some(&(parent, _)) = order.get(next) {
            let mut children: Vec<usize> = (0..nodes.len())
                .filter(|&at| !is_placed[at] && nodes[at].parent_id == nodes[parent].id)
                .collect();
            children.sort_by_key(|&at| nodes[at].id);
            for at in children {
                is_placed[at] = true;
                order.push((
                    at,
                    Some(Parent {
                        index: next,
                        link: nodes[at].link(nodes[parent].is_group),
                    }),
                ));
            }
            next += 1;
        } else if let Some(at) = is_placed.iter().rposition(|is_placed| !is_placed) {
            is_placed[at] = true;
            order.push((
                at,
                Some(Parent {
                    index: 0,
                    link: nodes[at].link(nodes[root].is_group),
                }),
            ));
        }
    }
    Some(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(nodes: &[(i64, Option<i64>)], expected: &str) {
        let nodes: Vec<Mechanism> = nodes
            .iter()
            .map(|&(id, parent_id)| Mechanism {
                id: Some(id),
                parent_id,
                ..Mechanism::default()
            })
            .collect();
        let shown: Vec<String> = order(&nodes)
            .iter()
            .map(|(at, parent)| {
                format!(
                    "{at}{}",
                    parent.map_or(String::new(), |parent| format!("<{}", parent.index))
                )
            })
            .collect();
        assert_eq!(shown.join(" "), expected);
    }

    #[test]
    fn trees_even_broken_ones() {
        check(&[(0, None)], "0");
        check(&[(1, Some(0)), (0, None)], "1 0<0");
        check(
            &[(3, Some(2)), (2, Some(0)), (1, Some(0)), (0, None)],
            "3 2<0 1<0 0<2",
        );
        check(&[(1, Some(2)), (2, Some(1)), (0, None)], "2 1<0 0<1");
        check(&[(1, Some(2)), (2, Some(1))], "1 0<0");
        check(&[(7, Some(7)), (7, Some(7))], "1 0<0");
    }
}
