//! Single lines of what the kernel prints.

use std::sync::LazyLock;

use regex::Regex;

use crate::{
    event::{Exception, Frame, Location},
    lang::place::Place,
    limits::{MAX_NAME_BYTES, cut},
    pattern::regex,
};

/// `<4>`, `[   57.658354]`, `[  T650]`, with a host and `kernel:` behind.
static STAMP: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^(?:<\d{1,3}>)?\[ *\d+\.\d{6}\](?:\[ *[TC]\d+\])?(?: \S+ kernel:)? ?")
});
/// What reports begin with, each with what happened.
static OPENINGS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (r"^BUG: (?P<type>K[A-Z]+SAN|KFENCE): (?P<message>.+)$", ""),
        (r"^(?:BUG: )?(?P<message>(?:unable to handle|Unable to handle|kernel NULL pointer) .+)$", "Oops"),
        (r"^(?P<message>kernel BUG at (?P<path>[^\s:]+):(?P<line>\d+)!)$", "BUG"),
        (r"^(?:watchdog: |NMI watchdog: )?BUG: (?P<message>soft lockup .+)$", "soft lockup"),
        (
            r"^BUG: (?P<message>(?:sleeping function|scheduling while|[Bb]ad |workqueue lockup|spinlock |using |stack guard|TASK stack|non-zero |Dentry |Invalid ).+)$",
            "BUG",
        ),
        (r"^(?:Oops: )?general protection fault(?:, | ip:|: )?(?P<message>.*)$", "general protection fault"),
        (r"^(?:Oops: )?(?P<type>divide error|invalid opcode|stack segment|double fault|int3|bounds): (?P<message>\d{4} \[#\d+\].*)$", ""),
        (r"^(?:Internal error: )?Oops(?: - [\w ]+)?: (?P<message>.* ?\[#\d+\].*)$", "Oops"),
        (r"^Internal error: (?P<message>.+ \[#\d+\].*)$", "Internal error"),
        (r"^Kernel panic - not syncing: (?P<message>.+)$", "Kernel panic"),
        (r"^WARNING: CPU: \d+ PID: \d+ at (?P<message>(?P<path>\S+):(?P<line>\d+) \S+.*)$", "WARNING"),
        (r"^UBSAN: (?P<message>.+ in (?P<path>\S+?):(?P<line>\d+)(?::\d+)?)$", "UBSAN"),
        (r"^rcu: INFO: (?P<message>\S+ self-detected stall .*)$", "RCU stall"),
        (r"^INFO: (?P<message>task \S+:\d+ blocked for more than \d+ seconds\.)$", "hung task"),
        (r"^(?:traps: )?(?P<message>[^\[\]]+\[\d+\]: segfault at .+)$", "segfault"),
        (r"^(?:[Mm]emory cgroup o|O)ut of memory: (?P<message>Kill.+)$", "Out of memory"),
    ]
    .map(|(pattern, kind)| (regex(pattern), kind))
    .into()
});
/// `RIP: 0010:cart_total+0x12/0x30 [shop]`, `pc : cart_total+0x18/0x138`, `PC is at cart_total+0x60/0x648`.
static AT: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:RIP: (?:\w{4}:)?(?:\[<[0-9a-f]+>\]  ?)*|RIP  ?(?:\[<[0-9a-f]+>\] )?|pc : |PC is at |epc : |NIP \[[0-9a-f]+\] )(?P<call>[A-Za-z_.].*)$",
    )
});
/// `cart_total+0x12/0x30 [shop]`, behind an address in old kernels, with a place behind where symbols were looked up.
static CALL: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:\[<[ 0-9a-f]*(?:inlined?)? *[0-9a-f]*>\] )?(?P<unsure>\? )?(?P<function>[A-Za-z_.][\w.$]*)(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?(?: \[(?P<module>[\w-]+)(?: [0-9a-f]+)?\])?(?: [a-z_]\w*)?(?: \(?(?P<place>[\w./+-]+:\d+)\)?.*)?(?: \([^)]*\))?$",
    )
});

/// `[<c0b1f0a4>] (cart_total) from [<c09a1b2c>] (cart_read+0x10/0x20)`, on 32-bit ARM; the addresses are gone since 5.17.
static CALL_FROM: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(?:\[<[0-9a-f]+>\] )?\(?(?P<function>[A-Za-z_][\w.$]*)(?: \[(?P<module>[\w-]+)\])?\)? from (?:\[<[0-9a-f]+>\] )?\(?[A-Za-z_]",
    )
});

/// A line without the time and thread that the kernel puts before it; whether it had them.
pub(super) fn without_stamp(line: &str) -> (&str, bool) {
    match STAMP.find(line) {
        Some(stamp) => (&line[stamp.end()..], true),
        None => (line, false),
    }
}

/// What a report's first line says happened.
pub(super) fn opening(text: &str) -> Option<Exception> {
    let text = cut(text.trim_end(), MAX_NAME_BYTES);
    OPENINGS.iter().find_map(|(pattern, kind)| {
        let found = pattern.captures(text)?;
        let get = |name: &str| found.name(name).map(|found| found.as_str());
        Some(Exception {
            type_name: get("type").unwrap_or(kind).to_owned(),
            message: get("message").unwrap_or_default().trim().to_owned(),
            location: get("path").map(|path| Location {
                path: path.to_owned(),
                line: get("line").and_then(|line| line.parse().ok()),
                column: None,
            }),
            ..Exception::default()
        })
    })
}

/// Where it happened, as the registers say; `RIP: 0033:0x7f…` is a program's.
pub(super) fn at(text: &str) -> Option<Frame> {
    let found = AT.captures(cut(text.trim(), MAX_NAME_BYTES))?;
    call(&found["call"])
        .filter(|(_, is_sure)| *is_sure)
        .map(|(frame, _)| frame)
}

/// A call of the stack, and whether the kernel is sure of it: a `?` stands before what merely lay on the stack.
pub(super) fn call(text: &str) -> Option<(Frame, bool)> {
    let text = cut(text.trim(), MAX_NAME_BYTES);
    // Before there are more patterns to try.
    if !text.contains("+0x") && !text.contains("inline") {
        return None;
    }
    let found = CALL_FROM.captures(text).or_else(|| CALL.captures(text))?;
    let function = &found["function"];
    let place = found.name("place").map(|place| Place::of(place.as_str()));
    let place = place.unwrap_or_default();
    let frame = Frame {
        function: function.to_owned(),
        module: found
            .name("module")
            .map(|module| module.as_str().to_owned()),
        path: place.path.to_owned(),
        line: place.line,
        in_app: is_machinery(function).then_some(false),
        ..Frame::default()
    };
    Some((frame, found.name("unsure").is_none()))
}

/// Whether a line is a call in 32-bit ARM's form.
pub(super) fn is_call_from(text: &str) -> bool {
    text.starts_with("[<") && CALL_FROM.is_match(cut(text, MAX_NAME_BYTES))
}

/// Whether a function reports errors, enters the kernel, or waits.
fn is_machinery(function: &str) -> bool {
    const NAMES: [&str; 27] = [
        "__schedule",
        "__stack_chk_fail",
        "__warn",
        "bad_page",
        "die",
        "do_syscall_64",
        "dump_backtrace",
        "dump_stack",
        "dump_stack_lvl",
        "el0_svc",
        "el0t_64_sync",
        "kernel_init",
        "kthread",
        "oops_end",
        "page_fault_oops",
        "panic",
        "print_address_description",
        "print_report",
        "process_one_work",
        "report_bug",
        "ret_fast_syscall",
        "ret_from_fork",
        "ret_from_fork_asm",
        "schedule",
        "show_stack",
        "worker_thread",
        "warn_slowpath_fmt",
    ];
    const BEGINNINGS: [&str; 15] = [
        "__asan_",
        "__do_sys_",
        "__dump_stack",
        "__kasan_",
        "__kthread_",
        "__se_sys_",
        "__x64_sys_",
        "asm_exc_",
        "entry_SYSCALL_",
        "exc_",
        "invoke_syscall",
        "kasan_",
        "ubsan_",
        "__ubsan_",
        "x64_sys_",
    ];
    NAMES.contains(&function) || BEGINNINGS.iter().any(|name| function.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings() {
        let check = |line: &str, kind: &str, message: &str| {
            let found = opening(line).map(|e| (e.type_name, e.message));
            let expected = (!kind.is_empty()).then(|| (kind.to_owned(), message.to_owned()));
            assert_eq!(found, expected, "{line}");
        };
        check(
            "BUG: unable to handle page fault for address: ffff8b4cd6855000",
            "Oops",
            "unable to handle page fault for address: ffff8b4cd6855000",
        );
        check(
            "BUG: KASAN: slab-out-of-bounds in cart_total+0x1/0x2 [shop]",
            "KASAN",
            "slab-out-of-bounds in cart_total+0x1/0x2 [shop]",
        );
        check(
            "kernel BUG at fs/cart.c:12!",
            "BUG",
            "kernel BUG at fs/cart.c:12!",
        );
        check(
            "divide error: 0000 [#1] SMP",
            "divide error",
            "0000 [#1] SMP",
        );
        check(
            "Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1]",
            "general protection fault",
            "probably for non-canonical address 0xdead: 0000 [#1]",
        );
        check(
            "Internal error: Oops: 96000005 [#1] SMP",
            "Oops",
            "96000005 [#1] SMP",
        );
        check(
            "WARNING: CPU: 2 PID: 17 at net/cart.c:12 cart_total+0x1/0x2",
            "WARNING",
            "net/cart.c:12 cart_total+0x1/0x2",
        );
        check(
            "INFO: task cart/3:1:94 blocked for more than 120 seconds.",
            "hung task",
            "task cart/3:1:94 blocked for more than 120 seconds.",
        );
        check(
            "watchdog: BUG: soft lockup - CPU#1 stuck for 23s! [cart:7]",
            "soft lockup",
            "soft lockup - CPU#1 stuck for 23s! [cart:7]",
        );
        check(
            "cart[17]: segfault at 0 ip 0000 sp 0000 error 4 in libcart.so[7f+1]",
            "segfault",
            "cart[17]: segfault at 0 ip 0000 sp 0000 error 4 in libcart.so[7f+1]",
        );
        for other in [
            "WARNING: CPU: hot",
            "DEBUG: x",
            "the Oops: x",
            "INFO: task done",
        ] {
            check(other, "", "");
        }
    }

    #[test]
    fn calls() {
        let shown = |text: &str| {
            call(text).map(|(frame, is_sure)| {
                let place = format!("{}:{}", frame.path, frame.line.unwrap_or(0));
                (frame.function, frame.module, place, is_sure)
            })
        };
        let is = |function: &str, module: Option<&str>, place: &str, is_sure| {
            Some((
                function.to_owned(),
                module.map(str::to_owned),
                place.to_owned(),
                is_sure,
            ))
        };
        assert_eq!(
            shown(" cart_total+0x12/0x30 [shop]"),
            is("cart_total", Some("shop"), ":0", true)
        );
        assert_eq!(
            shown(" ? cart.isra.0+0x12/0x30"),
            is("cart.isra.0", None, ":0", false)
        );
        assert_eq!(
            shown(" [<ffffffff92af048c>] ? cart_read+0x193/0x193 fs/cart.c:176"),
            is("cart_read", None, "fs/cart.c:176", false)
        );
        assert_eq!(
            shown("[<     inline     >] cart_find fs/cart.c:83 (discriminator 3)"),
            is("cart_find", None, "fs/cart.c:83", true)
        );
        assert_eq!(
            shown("[<     inlined    >] ? cart_total+0xa8/0xa8 cart_find fs/cart.h:254"),
            is("cart_total", None, "fs/cart.h:254", false)
        );
        assert_eq!(shown(" cart_open (fs/cart.c:12) shop"), None);
        assert_eq!(
            shown(" cart_open+0x1/0x2 (fs/cart.c:12)"),
            is("cart_open", None, "fs/cart.c:12", true)
        );
        assert_eq!(
            shown("[<c0b1f0a4>] (cart_total [shop]) from [<c09a1b2c>] (cart_read+0x10/0x20)"),
            is("cart_total", Some("shop"), ":0", true)
        );
        assert_eq!(
            shown(" cart_total from cart_read+0x10/0x20"),
            is("cart_total", None, ":0", true)
        );
        assert_eq!(shown("RAX: 0000000000000000 RBX: +0x12"), None);
        let found = |text: &str| at(text).map(|frame| frame.function);
        assert_eq!(
            found("RIP: 0010:cart_total+0x12/0x30").as_deref(),
            Some("cart_total")
        );
        assert_eq!(
            found("RIP: 0010:[<ffffffff92af056e>]  [<ffffffff92af056e>] cart_total+0xe2/0x186")
                .as_deref(),
            Some("cart_total")
        );
        assert_eq!(
            found("pc : cart_total+0x18/0x138 [shop]").as_deref(),
            Some("cart_total")
        );
        assert_eq!(
            found("PC is at cart_total+0x60/0x648").as_deref(),
            Some("cart_total")
        );
        assert_eq!(found("RIP: 0033:0x7f202c1b90ea"), None);
    }

    #[test]
    fn stamps() {
        assert_eq!(
            without_stamp("[   57.658354][  T650] BUG: x"),
            ("BUG: x", true)
        );
        assert_eq!(
            without_stamp("[135992.726639]  a+0x1/0x2"),
            (" a+0x1/0x2", true)
        );
        assert_eq!(
            without_stamp("<1>[    7.000001] shop kernel: x"),
            ("x", true)
        );
        assert_eq!(without_stamp("[12:00:01] x"), ("[12:00:01] x", false));
    }
}
