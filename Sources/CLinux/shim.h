#pragma once
/* Linux calls and constants that Glibc's module hides behind _GNU_SOURCE or spells as macros. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static const int redoubt_O_PATH = 010000000;
static const int redoubt_O_NOATIME = 01000000;
static const int redoubt_O_TMPFILE = 020000000 | 0200000;
/* Its number differs between processors; glibc names it with underscores where _GNU_SOURCE is not defined. */
static const int redoubt_O_DIRECT = __O_DIRECT;
static const int redoubt_SEEK_DATA = 3;
static const int redoubt_SEEK_HOLE = 4;
static const int redoubt_AT_EMPTY_PATH = 0x1000;

/* openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS: never leaves `directory`, follows no link. */
static inline int redoubt_open_beneath(int directory, const char *path, int flags, mode_t mode) {
    struct open_how how = {0};
    how.flags = (uint64_t)(unsigned int)flags;
    how.mode = mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}
/* getdents64(2): directory entries in the kernel's layout (d_ino 8, d_off 8, d_reclen 2, d_type 1, d_name). */
static inline ssize_t redoubt_getdents(int directory, void *buffer, size_t length) {
    return (ssize_t)syscall(SYS_getdents64, directory, buffer, length);
}
/* renameat2(2) with RENAME_NOREPLACE: EEXIST where the new name is taken. */
static inline int redoubt_rename_noreplace(int old_directory, const char *old_path, int new_directory, const char *new_path) {
    return (int)syscall(SYS_renameat2, old_directory, old_path, new_directory, new_path, 1u);
}
static inline int redoubt_memfd_create(const char *name) {
    return (int)syscall(SYS_memfd_create, name, 1u /* MFD_CLOEXEC */);
}
static inline ssize_t redoubt_getrandom(void *buffer, size_t length) { return getrandom(buffer, length, 0); }

static inline uint32_t redoubt_major(uint64_t device) { return (uint32_t)gnu_dev_major(device); }
static inline uint32_t redoubt_minor(uint64_t device) { return (uint32_t)gnu_dev_minor(device); }
static inline uint64_t redoubt_makedev(uint32_t major, uint32_t minor) { return gnu_dev_makedev(major, minor); }

static inline int redoubt_exited(int status) { return WIFEXITED(status); }
static inline int redoubt_exit_status(int status) { return WEXITSTATUS(status); }
static inline int redoubt_signalled(int status) { return WIFSIGNALED(status); }
static inline int redoubt_term_signal(int status) { return WTERMSIG(status); }

/* pipe2(2) with O_CLOEXEC: neither end leaks into a program that another thread starts. */
static inline int redoubt_pipe(int ends[2]) { return (int)syscall(SYS_pipe2, ends, O_CLOEXEC); }
/* pidfd_open(2): a descriptor that polls as readable once the process has ended. Close-on-exec. */
static inline int redoubt_pidfd_open(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

/* posix_spawn_file_actions_addchdir_np(3), which <spawn.h> shows with _GNU_SOURCE alone. `actions` is a
   posix_spawn_file_actions_t. */
extern int redoubt_spawn_chdir(void *actions, const char *path) __asm__("posix_spawn_file_actions_addchdir_np");
