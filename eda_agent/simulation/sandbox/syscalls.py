"""A system call is a number that differs between processors; this module lists those that a simulator process drops.

Source of the numbers: the kernel's tables, `arch/x86/entry/syscalls/syscall_64.tbl` and
`include/uapi/asm-generic/unistd.h`.
"""

from __future__ import annotations

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""Machine → identifier in the kernel's audit."""

LAST = 467
"""The newest call against which this table was checked (open_tree_attr, Linux 6.15). Newer ones are refused because
their effect is unknown.
"""

_EVERYWHERE = {
    "pidfd_send_signal": 424, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_open": 434, "openat2": 437, "pidfd_getfd": 438, "process_madvise": 440,
    "mount_setattr": 442, "quotactl_fd": 443, "memfd_secret": 447, "process_mrelease": 448, "set_mempolicy_home_node": 450, "fchmodat2": 452,
    "setxattrat": 463, "removexattrat": 466, "open_tree_attr": 467,
}  # fmt: skip
"""Calls from Linux 5.1 on have the same number on every processor."""

REFUSED: dict[str, dict[str, int]] = {
    "x86_64": {
        # network
        "socket": 41, "connect": 42, "accept": 43, "bind": 49, "listen": 50, "socketpair": 53, "accept4": 288,
        # processes, and what reaches into others
        "fork": 57, "vfork": 58, "execve": 59, "execveat": 322, "kill": 62, "tkill": 200, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297,
        "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "migrate_pages": 256, "move_pages": 279,
        "setpgid": 109, "setsid": 112, "unshare": 272, "setns": 308,
        # priorities and processors
        "setpriority": 141, "sched_setparam": 142, "sched_setscheduler": 144, "sched_setaffinity": 203, "ioprio_set": 251, "sched_setattr": 314,
        # files: names, rights, times, attributes
        "rename": 82, "mkdir": 83, "rmdir": 84, "creat": 85, "link": 86, "unlink": 87, "symlink": 88, "chmod": 90, "fchmod": 91, "chown": 92,
        "fchown": 93, "lchown": 94, "utime": 132, "mknod": 133, "truncate": 76, "utimes": 235, "mkdirat": 258, "mknodat": 259, "fchownat": 260,
        "futimesat": 261, "unlinkat": 263, "renameat": 264, "linkat": 265, "symlinkat": 266, "fchmodat": 268, "utimensat": 280, "renameat2": 316,
        "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190, "removexattr": 197, "lremovexattr": 198, "fremovexattr": 199,
        "open_by_handle_at": 304, "memfd_create": 319,
        # watching files
        "inotify_init": 253, "inotify_add_watch": 254, "inotify_init1": 294, "fanotify_init": 300, "fanotify_mark": 301,
        # memory, semaphores and messages that others share
        "shmget": 29, "shmat": 30, "shmctl": 31, "semget": 64, "semop": 65, "semctl": 66, "msgget": 68, "msgsnd": 69, "msgrcv": 70, "msgctl": 71,
        "semtimedop": 220, "mq_open": 240, "mq_unlink": 241,
        # the system
        "personality": 135, "setrlimit": 160, "chroot": 161, "pivot_root": 155, "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168,
        "reboot": 169, "sethostname": 170, "setdomainname": 171, "init_module": 175, "delete_module": 176, "quotactl": 179, "settimeofday": 164,
        "clock_settime": 227, "adjtimex": 159, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250, "syslog": 103,
        "perf_event_open": 298, "finit_module": 313, "bpf": 321, "userfaultfd": 323,
    },
    "aarch64": {
        "socket": 198, "socketpair": 199, "bind": 200, "listen": 201, "accept": 202, "connect": 203, "accept4": 242,
        "execve": 221, "execveat": 281, "kill": 129, "tkill": 130, "rt_sigqueueinfo": 138, "rt_tgsigqueueinfo": 240, "ptrace": 117,
        "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "migrate_pages": 238, "move_pages": 239, "setpgid": 154, "setsid": 157,
        "unshare": 97, "setns": 268,
        "setpriority": 140, "sched_setparam": 118, "sched_setscheduler": 119, "sched_setaffinity": 122, "ioprio_set": 30, "sched_setattr": 274,
        "mknodat": 33, "mkdirat": 34, "unlinkat": 35, "symlinkat": 36, "linkat": 37, "renameat": 38, "truncate": 45, "fchmod": 52, "fchmodat": 53,
        "fchownat": 54, "fchown": 55, "utimensat": 88, "renameat2": 276, "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "removexattr": 14,
        "lremovexattr": 15, "fremovexattr": 16, "open_by_handle_at": 265, "memfd_create": 279,
        "inotify_init1": 26, "inotify_add_watch": 27, "fanotify_init": 262, "fanotify_mark": 263,
        "mq_open": 180, "mq_unlink": 181, "msgget": 186, "msgctl": 187, "msgrcv": 188, "msgsnd": 189, "semget": 190, "semctl": 191,
        "semtimedop": 192, "semop": 193, "shmget": 194, "shmctl": 195, "shmat": 196,
        "personality": 92, "setrlimit": 164, "chroot": 51, "pivot_root": 41, "mount": 40, "umount2": 39, "swapon": 224, "swapoff": 225,
        "reboot": 142, "sethostname": 161, "setdomainname": 162, "init_module": 105, "delete_module": 106, "quotactl": 60, "settimeofday": 170,
        "clock_settime": 112, "adjtimex": 171, "kexec_load": 104, "add_key": 217, "request_key": 218, "keyctl": 219, "syslog": 116,
        "perf_event_open": 241, "finit_module": 273, "bpf": 280, "userfaultfd": 282,
    },
}  # fmt: skip
"""Machine → name → number of the calls that are refused whatever their arguments."""

for _numbers in REFUSED.values():
    _numbers.update(_EVERYWHERE)

JUDGED: dict[str, dict[str, int]] = {
    "x86_64": {
        "open": 2,
        "openat": 257,
        "clone": 56,
        "clone3": 435,
        "prlimit64": 302,
        "tgkill": 234,
        "prctl": 157,
        "seccomp": 317,
        "capset": 126,
    },
    "aarch64": {"openat": 56, "clone": 220, "clone3": 435, "prlimit64": 261, "tgkill": 131, "prctl": 167, "seccomp": 277, "capset": 91},
}
"""Machine → name → number of the calls that depend on their arguments, or that the sandbox itself needs."""
