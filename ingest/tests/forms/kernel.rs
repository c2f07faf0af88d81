//! The Linux kernel's reports, by our own examples in their forms.

use super::check;

const OOPS: &str = "BUG: unable to handle page fault for address: ffff8b4cd6855000
#PF: supervisor write access in kernel mode
#PF: error_code(0x0002) - not-present page
PGD 114bde067 P4D 114bde067 PUD 0
Oops: 0002 [#1] PREEMPT SMP NOPTI
CPU: 0 PID: 7690 Comm: cartd Tainted: G      D  C        6.1.0 #8
Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16
RIP: 0010:cart_total+0x12/0x30 [shop]
Code: 00 b8 01 00 00 00 5b c3 <48> 89 07
RSP: 0018:ffffc900006dfbf8 EFLAGS: 00010202
RAX: 0000000000000000 RBX: ffff880009a46700 RCX: 0000000000000000
FS:  0000000000000000(0000) GS:ffff880036100000(0000) knlGS:0000000000000000
CR2: ffff8b4cd6855000 CR3: 0000000013e11000 CR4: 00000000000006e0
Call Trace:
 <TASK>
 ? __die_body.cold+0x1a/0x1f
 cart_read.isra.0+0x189/0xf70 [shop]
 ? folio_add_lru+0x82/0xe0
 vfs_read+0x23d/0x310
 do_syscall_64+0x3b/0x90
 entry_SYSCALL_64_after_hwframe+0x63/0xcd
RIP: 0033:0x7f202c1b90ea
RSP: 002b:00007fffdd32df78 EFLAGS: 00000246 ORIG_RAX: 00000000000000a5
 </TASK>
Modules linked in: shop(O) fuse
CR2: ffff8b4cd6855000
---[ end trace 0000000000000000 ]---
RIP: 0010:cart_total+0x12/0x30 [shop]
Kernel panic - not syncing: Fatal exception
Kernel Offset: 0x16a00000 from 0xffffffff81000000
---[ end Kernel panic - not syncing: Fatal exception ]---
";

fn oops(time: &str) -> String {
    format!(
        "{time} - \"-\"
Oops: \"unable to handle page fault for address: ffff8b4cd6855000\"
  :0 entry_SYSCALL_64_after_hwframe | -
  :0 do_syscall_64 | -
  :0 vfs_read | -
  :0 cart_read.isra.0 | -
  :0 cart_total | -"
    )
}

#[test]
fn oopses() {
    check(OOPS, &[&oops("-")]);
    check(&format!("{OOPS}{OOPS}"), &[&oops("-"), &oops("-")]);
    // The time counts on, and other programs write between.
    let (mut dmesg, mut syslog, mut console) = (String::new(), String::new(), String::new());
    for (n, line) in OOPS.lines().enumerate() {
        let time = format!("{:>5}.{:06}", 13968 + n, 479_000 + n);
        dmesg += &format!("[{time}] {line}\n");
        syslog += &format!("May  4 14:08:5{} shop kernel: [{time}] {line}\n", n % 10);
        console += &format!("<1>[{time}][  T650] {line}\n");
        if n % 5 == 2 {
            syslog += &format!(
                "May  4 14:08:5{} shop sshd[7]: session opened for +0x1/0x2\n",
                n % 10
            );
        }
    }
    check(&dmesg, &[&oops("-")]);
    check(&syslog, &[&oops("May  4 14:08:50")]);
    check(&console, &[&oops("-")]);
}

#[test]
fn oopses_of_arm() {
    check(
        "[ 1684.141613] Unable to handle kernel NULL pointer dereference at virtual address 00000000000000a0
[ 1684.141770] Mem abort info:
[ 1684.141790]   ESR = 0x0000000096000004
[ 1684.142396] Internal error: Oops: 0000000096000004 [#1] SMP
[ 1684.142453] CPU: 1 UID: 42 PID: 8422 Comm: http Not tainted 6.12.28 #1
[ 1684.142552] pc : cart_add+0x18/0x138
[ 1684.143456] lr : cart_release+0x88/0x8c
[ 1684.143613] x29: ffff8000803c3ae0 x28: ffff261db16aea00
[ 1684.144000] Call trace:
[ 1684.144100]  cart_add+0x18/0x138
[ 1684.144200]  cart_release+0x88/0x8c
[ 1684.144300]  el0t_64_sync+0x198/0x1a0
[ 1684.144400] Code: 78402423 780008c3 (38401423)
[ 1684.144500] ---[ end trace 0000000000000000 ]---
[ 1700.000000] usb 1-3: new high-speed USB device
",
        &["- - \"-\"
Oops: \"Unable to handle kernel NULL pointer dereference at virtual address 00000000000000a0\"
  :0 el0t_64_sync | -
  :0 cart_release | -
  :0 cart_add | -"],
    );
}

#[test]
fn warnings_and_bugs() {
    check(
        "[   12.000001] ------------[ cut here ]------------
[   12.000002] WARNING: CPU: 2 PID: 17 at fs/cart.c:12 cart_total+0x12/0x30 [shop]
[   12.000003] Modules linked in: shop(O)
[   12.000004] RIP: 0010:cart_total+0x12/0x30 [shop]
[   12.000005] Call Trace:
[   12.000006]  cart_read+0x1/0x2 [shop]
[   12.000007]  ret_from_fork+0x1f/0x30
[   12.000008] ---[ end trace b0df7272e78c18be ]---
[   12.000009] ------------[ cut here ]------------
[   12.000010] kernel BUG at fs/cart.c:30!
[   12.000011] invalid opcode: 0000 [#1] SMP
[   12.000012] RIP: 0010:cart_drop+0x12/0x30
[   12.000013] Call Trace:
[   12.000014]  cart_read+0x1/0x2
[   12.000015] ---[ end trace b0df7272e78c18bf ]---
",
        &[
            "- - \"-\"
WARNING: \"fs/cart.c:12 cart_total+0x12/0x30 [shop]\" @fs/cart.c:12
  :0 ret_from_fork | -
  :0 cart_read | -
  :0 cart_total | -",
            "- - \"-\"
BUG: \"kernel BUG at fs/cart.c:30!\" @fs/cart.c:30
  :0 cart_read | -
  :0 cart_drop | -",
        ],
    );
    check(
        "[  247.000001] INFO: task cartd:94 blocked for more than 120 seconds.
[  247.000002]       Not tainted 6.1.0 #8
[  247.000003] \"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\" disables this message.
[  247.000004] task:cartd           state:D stack:    0 pid:   94 ppid:     2 flags:0x00004000
[  247.000005] Call Trace:
[  247.000006]  __schedule+0x2d1/0x830
[  247.000007]  cart_lock+0x1/0x2
",
        &["- - \"-\"
hung task: \"task cartd:94 blocked for more than 120 seconds.\"
  :0 cart_lock | -
  :0 __schedule | -"],
    );
    check(
        "May  4 14:08:50 shop kernel: [   7.000001] cartd[17]: segfault at 8 ip 00007f sp 00007e error 4 in libcart.so[7f+1]
May  4 14:08:51 shop kernel: [   7.000002] Memory cgroup out of memory: Killed process 17 (cartd) total-vm:12kB
May  4 14:08:52 shop kernel: [   7.000003] Kernel panic - not syncing: VFS: Unable to mount root fs
",
        &[
            "May  4 14:08:50 - \"-\"\nsegfault: \"cartd[17]: segfault at 8 ip 00007f sp 00007e error 4 in libcart.so[7f+1]\"",
            "May  4 14:08:51 - \"-\"\nOut of memory: \"Killed process 17 (cartd) total-vm:12kB\"",
            "May  4 14:08:52 - \"-\"\nKernel panic: \"VFS: Unable to mount root fs\"",
        ],
    );
    check(
        "12:00:00 DEBUG: BUG: none\n12:00:01 WARNING: CPU: hot\nOops: sorry\n",
        &[],
    );
}

#[test]
fn sanitizers() {
    check(
        "==================================================================
BUG: KASAN: slab-out-of-bounds in cart_total+0x104/0x1d8 [shop]
Read of size 1 at addr ffffffc002583240 by task cartd/94

CPU: 2 PID: 94 Comm: cartd Tainted: G     U         6.1.0 #6
Call Trace:
 <TASK>
 dump_stack_lvl+0x49/0x63
 print_report+0x3c8/0x3e8
 kasan_report+0x34/0x40
 cart_total+0x104/0x1d8 [shop]
 kthread+0x206/0x21a
 </TASK>

Allocated by task 94:
 kasan_save_stack+0x1e/0x40
 cart_new+0x1/0x2 [shop]

The buggy address belongs to the object at ffffffc002583200
 which belongs to the cache kmalloc-64 of size 64
Memory state around the buggy address:
 ffffffc002583180: 00 00 00 00
>ffffffc002583200: fa fa fa fa
                   ^
==================================================================
next
",
        &["- - \"-\"
KASAN: \"slab-out-of-bounds in cart_total+0x104/0x1d8 [shop]\"
  :0 kthread | -
  :0 cart_total | -
  :0 kasan_report | -
  :0 print_report | -
  :0 dump_stack_lvl | -"],
    );
}
