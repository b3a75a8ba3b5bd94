"""Close the parts of the kernel that a notebook has no use for.

The namespaces of bubblewrap leave open what the kernel does not divide among them (sockets to
the host of a virtual machine, keyrings), memory that no limit counts (memfd, System V
segments), and what a process could build a second set of namespaces with. A filter of
system calls (seccomp) refuses these with "operation not permitted". It holds for this process
and all it starts, and cannot be taken off.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER_MODE = 38, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
# Where the kernel shows a system call to the filter.
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16

# CLONE_NEWTIME, NS, CGROUP, UTS, IPC, USER, PID, NET
_NEW_NAMESPACES = 0x7E020080
# AF_UNIX, AF_INET, AF_INET6: the namespaces of the network divide these.
_FAMILIES = (1, 2, 10)

# From 424 on the numbers are the same on every architecture: pidfd_getfd, mounts, io_uring,
# memfd_secret.
_REFUSED_EVERYWHERE = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442, 447, 467)
_CLONE3 = 435


class _Machine:
    """The numbers of one architecture."""

    def __init__(self, audit: int, clone: int, socket: int, refused: dict[str, int]) -> None:
        self.audit = audit
        self.clone = clone
        self.socket = socket
        self.refused = refused


_MACHINES = {
    "x86_64": _Machine(
        audit=0xC000003E,
        clone=56,
        socket=41,
        refused={
            "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312,
            "unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155,
            "chroot": 161, "add_key": 248, "request_key": 249, "keyctl": 250, "bpf": 321,
            "perf_event_open": 298, "userfaultfd": 323, "memfd_create": 319, "shmget": 29,
            "msgget": 68, "name_to_handle_at": 303, "open_by_handle_at": 304, "syslog": 103,
            "acct": 163, "swapon": 167, "swapoff": 168, "reboot": 169, "init_module": 175,
            "finit_module": 313, "delete_module": 176, "kexec_load": 246,
            "kexec_file_load": 320, "modify_ldt": 154, "iopl": 172, "ioperm": 173,
        },
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        clone=220,
        socket=198,
        refused={
            "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272,
            "unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41,
            "chroot": 51, "add_key": 217, "request_key": 218, "keyctl": 219, "bpf": 280,
            "perf_event_open": 241, "userfaultfd": 282, "memfd_create": 279, "shmget": 194,
            "msgget": 186, "name_to_handle_at": 264, "open_by_handle_at": 265, "syslog": 116,
            "acct": 89, "swapon": 224, "swapoff": 225, "reboot": 142, "init_module": 105,
            "finit_module": 273, "delete_module": 106, "kexec_load": 104,
            "kexec_file_load": 294,
        },
    ),
}  # fmt: skip


class SystemCallFilter:
    """The filter: made once, installed in each process that is forked afterwards."""

    def __init__(self) -> None:
        machine = _MACHINES.get(platform.machine())
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._header = b""
        if machine and sys.platform == "linux" and struct.calcsize("P") == 8:
            program = _program(machine)
            self._code = ctypes.create_string_buffer(program, len(program))
            # struct sock_fprog: a count, padding, a pointer.
            pointer = ctypes.addressof(self._code)
            self._header = struct.pack("HxxxxxxP", len(program) // 8, pointer)

    def install(self) -> None:
        """Install it in this process; nothing on a machine whose numbers are not known.

        Raises
        ------
        OSError
            If the kernel does not take it.
        """
        if not self._header:
            return
        steps = ((_NO_NEW_PRIVILEGES, 1, 0, 0, 0), (_SET_SECCOMP, _FILTER_MODE, self._header))
        for arguments in steps:
            if self._libc.prctl(*arguments) != 0:
                number = ctypes.get_errno()
                raise OSError(number, f"prctl: {os.strerror(number)}")


def _program(machine: _Machine) -> bytes:
    """Return the filter, in the instructions of the classic Berkeley packet filter."""
    not_permitted = _returned(_ERROR | errno.EPERM)
    allowed = _returned(_ALLOW)
    steps = [_step(_LOAD, _ARCHITECTURE), _step(_EQUAL, machine.audit, yes=1), not_permitted]
    steps.append(_step(_LOAD, _NUMBER))
    # Above are the numbers of the x32 variant of x86-64.
    steps += [_step(_AT_LEAST, 0x40000000, no=1), not_permitted]
    for number in (*machine.refused.values(), *_REFUSED_EVERYWHERE):
        steps += [_step(_EQUAL, number, no=1), not_permitted]
    # Its flags lie in memory, where a filter cannot look; without it glibc takes `clone`.
    steps += [_step(_EQUAL, _CLONE3, no=1), _returned(_ERROR | errno.ENOSYS)]
    flags = [_step(_LOAD, _FIRST_ARGUMENT), _step(_ANY_BIT, _NEW_NAMESPACES, no=1), not_permitted]
    steps += [_step(_EQUAL, machine.clone, no=len(flags) + 1), *flags, allowed]
    families = [_step(_LOAD, _FIRST_ARGUMENT)]
    for family in _FAMILIES:
        families += [_step(_EQUAL, family, no=1), allowed]
    families.append(_returned(_ERROR | errno.EAFNOSUPPORT))
    steps += [_step(_EQUAL, machine.socket, no=len(families)), *families, allowed]
    return b"".join(steps)


def _step(code: int, operand: int, yes: int = 0, no: int = 0) -> bytes:
    """Return one instruction; `yes` and `no` say how many to leave out."""
    return struct.pack("HBBI", code, yes, no, operand)


def _returned(value: int) -> bytes:
    return _step(_RETURN, value)
