"""The system calls that a student's process may make; the kernel refuses it all others.

What is not listed is refused, so a call that a new kernel brings is refused, too. The calls listed
are those with which a process uses its own memory, its own files and the time. None of them starts
a process or a thread, opens a socket, or makes a lock, a watch or a wait on a file of the course or
of Python, which other submissions could notice.
"""

import ctypes
import ctypes.util
import errno
import os

ALLOWED = {
    "files": """
        open openat creat close close_range read write pread64 pwrite64 readv writev preadv pwritev
        lseek sendfile copy_file_range truncate ftruncate fallocate fsync fdatasync
        stat fstat lstat newfstatat statx statfs fstatfs access faccessat faccessat2
        readlink readlinkat getdents64 getcwd chdir fchdir umask
        mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat
        chmod fchmod fchmodat utimensat getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr
        dup dup2 dup3 pipe pipe2
    """,
    "memory": "brk mmap munmap mprotect mremap membarrier get_mempolicy",
    "time": """
        clock_gettime clock_getres gettimeofday time times nanosleep clock_nanosleep
        getitimer setitimer alarm
    """,
    "what the process is and uses": """
        getpid getppid gettid getpgrp getpgid getsid getuid geteuid getgid getegid getresuid
        getresgid getgroups getrusage getrlimit setrlimit prlimit64 uname getcpu sched_yield
        sched_getaffinity set_robust_list rseq arch_prctl getrandom exit exit_group
    """,
    "signals and waiting, within its own process namespace": """
        kill tgkill rt_sigaction rt_sigprocmask rt_sigpending rt_sigreturn rt_sigsuspend
        rt_sigtimedwait sigaltstack pause restart_syscall wait4 waitid
        poll ppoll select pselect6 eventfd2
        epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait
    """,
    "the connection to the judge, and asyncio's own": """
        recvfrom sendto shutdown getsockopt setsockopt getsockname getpeername
    """,
}

# Calls of which only some uses are allowed: the number of an argument, the bits of it that count,
# and the values that they may have. Other bits must be 0.
_ALL_BITS = 2**64 - 1
FUTEX_PRIVATE_FLAG = 128
ALLOWED_IF: dict[str, tuple[int, int, tuple[int, ...]]] = {
    # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC; so no locks, no leases
    "fcntl": (1, _ALL_BITS, (0, 1, 2, 3, 4, 1030)),
    # TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
    "ioctl": (1, _ALL_BITS, (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)),
    # MADV_NORMAL, RANDOM, SEQUENTIAL, DONTNEED, FREE, HUGEPAGE, NOHUGEPAGE: of its own memory only
    "madvise": (2, _ALL_BITS, (0, 1, 2, 4, 8, 14, 15)),
    # PR_GET_NAME, PR_SET_NAME, PR_GET_DUMPABLE, PR_SET_VMA, with which the C library names memory
    "prctl": (0, _ALL_BITS, (3, 15, 16, 0x53564D41)),
    # A futex that is not private can lie in a library's file, where other submissions see it.
    "futex": (1, FUTEX_PRIVATE_FLAG, (FUTEX_PRIVATE_FLAG,)),
    "socketpair": (0, _ALL_BITS, (1,)),  # AF_UNIX
}

# <seccomp.h>
SCMP_ACT_ALLOW, SCMP_ACT_ERRNO = 0x7FFF0000, 0x00050000
SCMP_CMP_MASKED_EQ = 7


class _Comparison(ctypes.Structure):
    _fields_ = [
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("mask", ctypes.c_uint64),
        ("value", ctypes.c_uint64),
    ]


class Filter:
    """A filter that makes the system calls that are not allowed fail with "not permitted".

    It is made in the warm process, which loads libseccomp, and applied in the student's process. A
    call made as a program for another kind of processor would, such as one of 32 bits, ends it.

    Raises:
        OSError: if libseccomp is not installed.
    """

    def __init__(self):
        name = ctypes.util.find_library("seccomp") or "libseccomp.so.2"
        self._lib = ctypes.CDLL(name)
        self._lib.seccomp_init.restype = ctypes.c_void_p
        refuse = ctypes.c_uint32(SCMP_ACT_ERRNO | errno.EPERM)
        self._context = ctypes.c_void_p(self._lib.seccomp_init(refuse))
        for call in " ".join(ALLOWED.values()).split():
            self._add(SCMP_ACT_ALLOW, call)
        for call, (argument, mask, values) in ALLOWED_IF.items():
            for value in values:
                condition = _Comparison(argument, SCMP_CMP_MASKED_EQ, mask, value)
                self._add(SCMP_ACT_ALLOW, call, condition)
        # The C library then tries clone, as on a kernel without clone3.
        self._add(SCMP_ACT_ERRNO | errno.ENOSYS, "clone3")

    def _add(self, action: int, call: str, *conditions: _Comparison) -> None:
        number = self._lib.seccomp_syscall_resolve_name(call.encode())
        if number < 0:  # a call that this processor or this libseccomp does not have
            return
        compare = (_Comparison * len(conditions))(*conditions)
        result = self._lib.seccomp_rule_add_array(
            self._context, ctypes.c_uint32(action), number, len(conditions), compare
        )
        if result != 0:
            raise OSError(-result, f"filtering {call}: {os.strerror(-result)}")

    def apply(self) -> None:
        """Filter the system calls of this process from now on.

        Raises:
            OSError: if the kernel refuses.
        """
        result = self._lib.seccomp_load(self._context)
        if result != 0:
            raise OSError(-result, f"filtering system calls: {os.strerror(-result)}")
