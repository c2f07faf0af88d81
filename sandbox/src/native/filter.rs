//! Which system calls a job may make: two seccomp programs, for bubblewrap to load just before it starts the job.
//!
//! A list of what is forbidden: what Docker's default profile withholds from an unprivileged container
//! (<https://docs.docker.com/engine/security/seccomp/>), and what would hold memory that no process's size shows.
//! Calls that came after [`NEWEST`] do not exist, so that a newer kernel opens nothing by itself.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction,
    SeccompCmpArgLen::{Dword, Qword},
    SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch, sock_filter,
};

use crate::SandboxError;

/// The last system call that was looked at: `mseal`, Linux 6.10. Numbers from 424 on are the same on all architectures;
/// the x32 calls of x86-64 have numbers from 2³⁰ on and are cut off with the rest.
const NEWEST: u32 = 462;

/// Refused with EPERM, whatever the arguments.
const FORBIDDEN: &[i64] = &[
    // Other processes' memory and descriptors.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_pidfd_getfd,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    // Mounts, roots and namespaces.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    // Files by handle, past every mount; notifications on whole filesystems; quotas.
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    // Keyrings are not in any namespace.
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    // Large interfaces with a history of holes; io_uring also works around this very filter.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_lookup_dcookie,
    // The machine itself.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_nfsservctl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_modify_ldt,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_uselib,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_sysfs,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ustat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS__sysctl,
];

/// Answered with ENOSYS, so that programs take the way they have for an older kernel.
const ABSENT: &[i64] = &[
    // Its flags lie behind a pointer, where a filter cannot look; C libraries fall back on `clone`.
    libc::SYS_clone3,
    // Memory that belongs to no process, so that the watchdog could not count it. POSIX shared memory is in /dev/shm.
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_shmget,
];

/// `clone`'s flags for new namespaces. That for a time namespace is not valid there.
const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// The programs, in the form in which the kernel and bubblewrap take them.
pub(super) fn compile() -> Result<Vec<Vec<u8>>, SandboxError> {
    let programs = build()
        .map_err(|error| SandboxError::Failed(format!("compiling the seccomp filter: {error}")))?;
    Ok(programs.iter().map(bytes).collect())
}

fn build() -> Result<[BpfProgram; 2], seccompiler::BackendError> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let program = |rules, errno: i32| -> Result<BpfProgram, seccompiler::BackendError> {
        let errno = SeccompAction::Errno(u32::try_from(errno).expect("error numbers are positive"));
        // A call of another architecture (`int 0x80`) kills the process.
        SeccompFilter::new(rules, SeccompAction::Allow, errno, arch)?.try_into()
    };
    let mut forbidden = unconditional(FORBIDDEN);
    forbidden.extend(conditional()?);
    let mut absent = after_newest();
    absent.extend(program(unconditional(ABSENT), libc::ENOSYS)?);
    Ok([absent, program(forbidden, libc::EPERM)?])
}

fn unconditional(calls: &[i64]) -> BTreeMap<i64, Vec<SeccompRule>> {
    calls.iter().map(|&call| (call, vec![])).collect()
}

/// Calls that are forbidden with certain arguments: any rule that matches refuses, and a rule matches if all its
/// conditions do.
fn conditional() -> Result<BTreeMap<i64, Vec<SeccompRule>>, seccompiler::BackendError> {
    use SeccompCmpOp::{Eq, MaskedEq, Ne};
    type Rule<'a> = &'a [(u8, SeccompCmpOp, u64)];
    let rule = |conditions: Rule<'_>| {
        let condition = |(at, op, value): &(u8, SeccompCmpOp, u64)| {
            SeccompCondition::new(*at, Dword, op.clone(), *value)
        };
        // The kernel too looks only at the lower half of these arguments.
        SeccompRule::new(conditions.iter().map(condition).collect::<Result<_, _>>()?)
    };
    let [unix, inet, inet6] =
        [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6].map(|family| family as u64);

    let mut clone = vec![];
    for flag in NAMESPACES.map(|flag| flag as u32 as u64) {
        clone.push(rule(&[(0, MaskedEq(flag), flag)])?);
    }
    // Netlink, packet, vsock, Bluetooth and some forty more: each is code in the kernel that a job has no use for.
    // TCP and UDP are left, as tests like to talk to a server of their own; here they lead to the private loopback only.
    let mut socket = vec![rule(&[(0, Ne, unix), (0, Ne, inet), (0, Ne, inet6)])?];
    for family in [inet, inet6] {
        socket.push(rule(&[
            (0, Eq, family),
            (2, Ne, 0),
            (2, Ne, libc::IPPROTO_TCP as u64),
            (2, Ne, libc::IPPROTO_UDP as u64),
        ])?);
        // Raw, RDM, SEQPACKET (SCTP), DCCP and PACKET; the upper bits hold flags.
        for kind in [3, 4, 5, 6, 10] {
            socket.push(rule(&[(0, Eq, family), (1, MaskedEq(0xf), kind)])?);
        }
    }
    let core = u64::from(libc::RLIMIT_CORE);
    let (tiocsti, tioclinux) = (0x5412, 0x541C); // They put words into a terminal's input.
    Ok(BTreeMap::from([
        (libc::SYS_clone, clone),
        (libc::SYS_socket, socket),
        (libc::SYS_socketpair, vec![rule(&[(0, Ne, unix)])?]),
        // 0 is the default, 0xffffffff asks what is set.
        (
            libc::SYS_personality,
            vec![rule(&[(0, Ne, 0), (0, Ne, 0xffff_ffff)])?],
        ),
        // RLIMIT_CORE stays what `running` made it; a null pointer only asks.
        (
            libc::SYS_prlimit64,
            vec![SeccompRule::new(vec![
                SeccompCondition::new(1, Dword, Eq, core)?,
                SeccompCondition::new(2, Qword, Ne, 0)?,
            ])?],
        ),
        (libc::SYS_setrlimit, vec![rule(&[(0, Eq, core)])?]),
        (
            libc::SYS_ioctl,
            vec![rule(&[(1, Eq, tiocsti)])?, rule(&[(1, Eq, tioclinux)])?],
        ),
    ]))
}

/// Answers ENOSYS to every call after [`NEWEST`], else goes on with what follows. seccompiler has no ranges.
fn after_newest() -> BpfProgram {
    let instruction = |code: u32, jt, jf, k| sock_filter {
        code: code as u16,
        jt,
        jf,
        k,
    };
    vec![
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0), // The call's number, at offset 0.
        instruction(libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K, 0, 1, NEWEST),
        instruction(
            libc::BPF_RET | libc::BPF_K,
            0,
            0,
            libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32,
        ),
    ]
}

/// `struct sock_filter[]`, in the machine's byte order.
fn bytes(program: &BpfProgram) -> Vec<u8> {
    program
        .iter()
        .flat_map(|i| {
            let [code0, code1] = i.code.to_ne_bytes();
            let [k0, k1, k2, k3] = i.k.to_ne_bytes();
            [code0, code1, i.jt, i.jf, k0, k1, k2, k3]
        })
        .collect()
}
