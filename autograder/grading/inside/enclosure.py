"""The walls that a process puts around itself before it runs anything of a student's.

The sandbox (bubblewrap) already hides the machine. These walls stand between one submission and
the next: namespaces of its own for users, processes, files, network and shared memory, files that
vanish with it, no privileges, and a kernel that refuses what no exercise needs. Each step that
fails is fatal: better no grade than a wall with a hole.
"""

import ctypes
import os
import platform
import resource
import signal
import socket
import struct

from autograder.grading.inside.limits import Limits

_libc = ctypes.CDLL(None, use_errno=True)
_libc_holding_the_lock = ctypes.PyDLL(None, use_errno=True)

CLONE_NEWNS, CLONE_NEWCGROUP = 0x00020000, 0x02000000
CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER = 0x04000000, 0x08000000, 0x10000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
NAMESPACES = (
    *(CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC),
    *(CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET),
)
MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_REC, MS_PRIVATE = 0x4000, 0x40000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP = 1, 4, 22
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 24, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
SECCOMP_MODE_FILTER = 2
LAST_CAPABILITY = 63
CAPABILITY_VERSION_3 = 0x20080522

# numbers of system calls on the two machines that graders run on: x86-64 and 64-bit ARM
AUDIT_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
SYSTEM_CALLS = {
    # looking into or steering other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    # namespaces and file systems
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    # leaving the core that a submission has
    "sched_setaffinity": (203, 122),
    # memory that no limit counts
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    # parts of the kernel with a long record of faults
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "personality": (135, 92),
    "vmsplice": (278, 75),
    "quotactl": (179, 60),
    "acct": (163, 89),
    "swapon": (167, 224),
    "reboot": (169, 142),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
}
# a namespace of networks does not confine every family (AF_VSOCK, say, leads to the machine's
# host). Local sockets stay, since workers of a DataLoader and a Manager speak through them: their
# names are those of the namespaces, in which nobody else listens
SOCKET_CALLS = {"socket": (41, 198), "socketpair": (53, 199)}
LOCAL_FAMILY = socket.AF_UNIX
CLONE = (56, 220)
CLONE3 = (435, 435)  # its flags lie in memory, where no filter can read them


def clone_into_namespaces() -> int:
    """Fork into new namespaces; return 0 in the child and the child's id in the parent.

    The child is the first process of its namespace. One system call in place of unshare, fork and
    exit saves a third of the time that it takes to start a submission.
    """
    number = CLONE[_machine()]
    flags = sum(NAMESPACES) | signal.SIGCHLD
    identifier = _libc_holding_the_lock.syscall(number, ctypes.c_ulong(flags), 0, 0, 0, 0)
    _check(identifier, "new namespaces")
    return identifier


def map_own_user(user: int, group: int) -> None:
    """Keep the ids that the process has outside, which are those of nobody in particular."""
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")


def mount_own_files(limits: Limits) -> None:
    """Mount a /proc that shows this namespace only, and the only folders that can be written to."""
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    _mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666")
    size = f"size={limits.disk // 2},nr_inodes={limits.files},mode=700"
    _mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, size)
    _mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, size)


def limit_resources(limits: Limits) -> None:
    """Set what the kernel counts for each process; cgroups and the watchdog count the whole."""
    with open("/proc/self/statm") as file:
        memory_at_start = int(file.read().split()[0]) * resource.getpagesize()
    most = {
        resource.RLIMIT_AS: memory_at_start + limits.memory,
        resource.RLIMIT_FSIZE: limits.disk // 2,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_CPU: int(limits.notebook_seconds) * 2,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for kind, value in most.items():
        resource.setrlimit(kind, (value, value))
    _write("/proc/self/oom_score_adj", "1000")  # if memory runs out, this is what goes


def drop_privileges() -> None:
    """Give up every capability, for good."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    for capability in range(LAST_CAPABILITY + 1):
        if _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # past the last one that this kernel has
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(header, bytes(24)), "giving up capabilities")


def hide_from_others() -> None:
    """Let no process of this namespace trace this one or open its memory."""
    _prctl(PR_SET_DUMPABLE, 0)


def die_with_parent() -> None:
    """Ask to be killed when the parent ends, however it ends."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def forbid_system_calls() -> None:
    """Make the kernel answer EPERM to what no exercise needs.

    That is every call in `SYSTEM_CALLS`, new namespaces, and sockets of any family but the local.
    A call in the numbers of another machine (x86 has two more) is answered in no other way.
    """
    machine = _machine()
    forbidden = sorted(numbers[machine] for numbers in SYSTEM_CALLS.values())
    program = bytes(_filter(AUDIT_ARCHITECTURES[platform.machine()], machine, forbidden))
    buffer = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))

    whole = Program(len(program) // 8, ctypes.addressof(buffer))
    result = _libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(whole), 0, 0)
    _check(result, "the filter of system calls")


def _filter(architecture: int, machine: int, forbidden: list[int]) -> bytearray:
    """Return a classic BPF program over `struct seccomp_data`: number, architecture, arguments."""
    load, jump_if_equal, jump_if_bits, give_back = 0x20, 0x15, 0x45, 0x06
    allow, kill = 0x7FFF0000, 0x80000000
    no_permission, no_such_call = 0x00050000 | 1, 0x00050000 | 38
    foreign_numbers = 0x40000000  # x86's 32-bit calls on 64-bit kernels
    first_argument = 16  # its place: the lower half, which comes first on both machines
    program = bytearray()

    def add(code: int, value: int, if_true: int = 0, if_false: int = 0) -> None:
        program.extend(struct.pack("=HBBI", code, if_true, if_false, value))

    def answer_if(code: int, value: int, result: int) -> None:
        add(code, value, 0, 1)
        add(give_back, result)

    add(load, 4)
    add(jump_if_equal, architecture, 1, 0)
    add(give_back, kill)
    add(load, 0)
    answer_if(jump_if_bits, foreign_numbers, no_permission)
    for number in forbidden:
        answer_if(jump_if_equal, number, no_permission)
    answer_if(jump_if_equal, CLONE3[machine], no_such_call)  # libc then takes clone
    for numbers in SOCKET_CALLS.values():
        add(jump_if_equal, numbers[machine], 0, 4)
        add(load, first_argument)  # the kernel, too, looks at no more of a family
        add(jump_if_equal, LOCAL_FAMILY, 0, 1)
        add(give_back, allow)
        add(give_back, no_permission)
    add(jump_if_equal, CLONE[machine], 0, 3)
    add(load, first_argument)  # the flags
    answer_if(jump_if_bits, sum(NAMESPACES), no_permission)
    add(give_back, allow)
    return program


def _machine() -> int:
    machines = list(AUDIT_ARCHITECTURES)
    if platform.machine() not in machines:
        raise OSError(f"no list of system calls for {platform.machine()}")
    return machines.index(platform.machine())


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    def encoded(text: str | None) -> bytes | None:
        return None if text is None else text.encode()

    result = _libc.mount(
        encoded(source), target.encode(), encoded(kind), ctypes.c_ulong(flags), encoded(data)
    )
    _check(result, f"mounting {target}")


def _prctl(option: int, value: int) -> None:
    _check(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), f"prctl {option}")


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
