"""Stands for the modules that this platform lacks: they import, and fail when something of them is used."""
import errno
import importlib.machinery
import sys
import types

MODULES = {
    "_bz2": ("BZ2Compressor", "BZ2Decompressor"),
    "_ctypes": (), "_curses": ("error",), "_curses_panel": (), "_dbm": (), "_gdbm": (),
    "_lzma": ("CHECK_CRC32", "CHECK_CRC64", "CHECK_ID_MAX", "CHECK_NONE", "CHECK_SHA256", "CHECK_UNKNOWN", "FILTER_ARM", "FILTER_ARMTHUMB",
              "FILTER_DELTA", "FILTER_IA64", "FILTER_LZMA1", "FILTER_LZMA2", "FILTER_POWERPC", "FILTER_SPARC", "FILTER_X86", "FORMAT_ALONE", "FORMAT_AUTO", "FORMAT_RAW", "FORMAT_XZ", "LZMACompressor",
              "LZMADecompressor", "LZMAError", "MF_BT2", "MF_BT3", "MF_BT4", "MF_HC3", "MF_HC4", "MODE_FAST", "MODE_NORMAL", "PRESET_DEFAULT", "PRESET_EXTREME", "is_check_supported"),
    "_multiprocessing": ("SemLock",), "_posixshmem": (), "_posixsubprocess": (), "curses": ("error",), "curses.ascii": (), "curses.panel": (),
    "ctypes": (), "ctypes.util": (), "ctypes.wintypes": (),
    "fcntl": (), "grp": (), "mmap": ("mmap",), "pwd": (), "resource": (), "syslog": (),
    "termios": ("TCSADRAIN", "TCSAFLUSH", "TCSANOW", "error", "tcgetattr", "tcsetattr"),
}
# What a caller handles as "not there" where a system has the module.
ERRORS = {"pwd": KeyError, "grp": KeyError}


def _refuse(module, name):
    message = "%s.%s is not available in this isolate" % (module, name)
    return ERRORS[module](message) if module in ERRORS else OSError(errno.ENOSYS, message)


class _Class(type):
    def __call__(cls, *args, **kwargs):
        if "_absent" in vars(cls):
            raise _refuse(*cls._absent)
        return super().__call__(*args, **kwargs)


def _make(module, name):
    if name.lower().endswith(("error", "exception", "warning")):
        return OSError if name == "error" else type(name, (OSError,), {"__module__": module})
    if name.isupper() and not name.endswith("DLL"):
        return 0
    if name[0].isupper() or name == "mmap" or name.startswith("c_"):
        return _Class(name, (), {"__module__": module, "_absent": (module, name), "SEM_VALUE_MAX": 2**31 - 1})

    def refuse(*args, **kwargs):
        raise _refuse(module, name)
    refuse.__name__ = refuse.__qualname__ = name
    refuse.__module__ = module
    return refuse


class Absent:
    """Finds such modules where nothing else does."""

    def find_spec(self, name, path=None, target=None):
        if name not in MODULES:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=any(m.startswith(name + ".") for m in MODULES))

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        name = module.__spec__.name

        def __getattr__(attribute):
            if attribute.startswith("__"):
                raise AttributeError("module %r has no attribute %r" % (name, attribute))
            value = _make(name, attribute)
            setattr(module, attribute, value)
            return value
        module.__getattr__ = __getattr__
        module.__all__ = list(MODULES[name])


FORKS = ("fork", "forkpty")
USER = 64999


def _owned(real, os):
    """A `stat` that names an owner and permissions, which this platform has none of: the user's, as `os.getuid` names it."""
    times = tuple("st_%stime%s" % (which, unit) for which in "amc" for unit in ("", "_ns"))

    def stat(*args, **kwargs):
        found = real(*args, **kwargs)
        mode, *rest = found[:10]
        mode |= 0o755 if mode & 0o170000 == 0o040000 else 0o644
        rest[3:5] = USER, USER
        return os.stat_result([mode, *rest], {name: getattr(found, name) for name in times})
    stat.__name__ = stat.__qualname__ = real.__name__
    return stat


def fill_os():
    """Gives `os` what it has on Linux: who asks for the user gets an ordinary one, who wants a process is refused."""
    import os
    values = {"getuid": USER, "geteuid": USER, "getgid": USER, "getegid": USER, "getppid": 1, "getpgrp": 1, "umask": 0o022,
              "getloadavg": (0.0, 0.0, 0.0), "getgroups": [USER], "getlogin": "user", "cpu_count": 1, "sched_getaffinity": {0}}
    refused = ("chown", "chroot", "fchown", "fork", "forkpty", "getpgid", "getpriority", "getsid", "initgroups", "kill", "killpg", "lchown",
               "mkfifo", "nice", "openpty", "pipe", "posix_spawn", "posix_spawnp", "setegid", "seteuid", "setgid", "setgroups", "setpgid",
               "setpriority", "setsid", "setuid", "system", "tcgetpgrp", "wait", "wait3", "wait4", "waitid", "waitpid",
               "execv", "execve", "get_terminal_size")
    constants = {"WNOHANG": 1, "WUNTRACED": 2, "WCONTINUED": 8, "P_PID": 1, "P_ALL": 0, "P_PGID": 2, "WEXITED": 4}
    for name, value in values.items():
        if not hasattr(os, name):
            setattr(os, name, lambda *args, _value=value, **kwargs: _value)
    for name in ("stat", "lstat", "fstat"):
        real = getattr(os, name)
        if real.__module__ != __name__:
            ours = _owned(real, os)
            setattr(os, name, ours)
            for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
                if real in able:
                    able.add(ours)
    for name in refused:
        if not hasattr(os, name):
            setattr(os, name, _make("os", name))
    for name, value in constants.items():
        if not hasattr(os, name):
            setattr(os, name, value)
    for name in ("WIFEXITED", "WEXITSTATUS", "WIFSIGNALED", "WTERMSIG", "WIFSTOPPED", "WSTOPSIG", "waitstatus_to_exitcode"):
        if not hasattr(os, name):
            setattr(os, name, _make("os", "refused_" + name.lower()))


def fill_signal():
    """Gives `signal` what it has on Linux. No signal ever arrives here; a program that sets one up may go on."""
    import signal
    numbers = {"SIGHUP": 1, "SIGINT": 2, "SIGQUIT": 3, "SIGKILL": 9, "SIGUSR1": 10, "SIGUSR2": 12, "SIGPIPE": 13, "SIGALRM": 14, "SIGTERM": 15,
               "SIGCHLD": 17, "SIGCONT": 18, "SIGSTOP": 19, "SIGTSTP": 20, "SIGWINCH": 28, "ITIMER_REAL": 0, "ITIMER_VIRTUAL": 1,
               "ITIMER_PROF": 2, "SIG_BLOCK": 0, "SIG_UNBLOCK": 1, "SIG_SETMASK": 2}
    for name, value in numbers.items():
        if not hasattr(signal, name):
            setattr(signal, name, value)
    handlers = {}

    def set_handler(number, handler):
        before = handlers.get(number, signal.SIG_DFL)
        handlers[number] = handler
        return before

    signal.signal = set_handler
    signal.getsignal = lambda number: handlers.get(number, signal.SIG_DFL)
    for name, answer in {"setitimer": (0.0, 0.0), "getitimer": (0.0, 0.0), "alarm": 0, "siginterrupt": None, "pthread_sigmask": set(),
                         "set_wakeup_fd": -1}.items():
        setattr(signal, name, lambda *args, _answer=answer, **kwargs: _answer)


def fill_others():
    """Gives back what newer Pythons have dropped and older packages still name."""
    import pkgutil
    import socket
    for name in ("ImpImporter", "ImpLoader"):  # Gone in 3.12.
        if not hasattr(pkgutil, name):
            setattr(pkgutil, name, type(name, (), {"__module__": "pkgutil"}))
    if not hasattr(socket, "AF_UNIX"):
        socket.AF_UNIX = 1  # Making one is refused.
