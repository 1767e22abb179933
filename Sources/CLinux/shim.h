#pragma once
/* Linux calls and constants that Glibc's module hides behind _GNU_SOURCE or spells as macros. */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/un.h>
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
/* inotify(7): a descriptor that is close-on-exec and does not block. */
static inline int redoubt_inotify(void) { return inotify_init1(IN_CLOEXEC | IN_NONBLOCK); }
static inline int redoubt_inotify_add(int inotify, const char *path, uint32_t mask) {
    return inotify_add_watch(inotify, path, mask);
}
static inline int redoubt_inotify_remove(int inotify, int watch) { return inotify_rm_watch(inotify, watch); }
static const uint32_t redoubt_IN_MODIFY = IN_MODIFY;
static const uint32_t redoubt_IN_ATTRIB = IN_ATTRIB;
static const uint32_t redoubt_IN_CLOSE_WRITE = IN_CLOSE_WRITE;
static const uint32_t redoubt_IN_MOVED_FROM = IN_MOVED_FROM;
static const uint32_t redoubt_IN_MOVED_TO = IN_MOVED_TO;
static const uint32_t redoubt_IN_CREATE = IN_CREATE;
static const uint32_t redoubt_IN_DELETE = IN_DELETE;
static const uint32_t redoubt_IN_DELETE_SELF = IN_DELETE_SELF;
static const uint32_t redoubt_IN_MOVE_SELF = IN_MOVE_SELF;
static const uint32_t redoubt_IN_UNMOUNT = IN_UNMOUNT;
static const uint32_t redoubt_IN_Q_OVERFLOW = IN_Q_OVERFLOW;
static const uint32_t redoubt_IN_IGNORED = IN_IGNORED;
static const uint32_t redoubt_IN_ISDIR = IN_ISDIR;
static const uint32_t redoubt_IN_ONLYDIR = IN_ONLYDIR;
static const uint32_t redoubt_IN_DONT_FOLLOW = IN_DONT_FOLLOW;
static const uint32_t redoubt_IN_EXCL_UNLINK = IN_EXCL_UNLINK;
static const uint32_t redoubt_IN_MASK_ADD = IN_MASK_ADD;
/* eventfd(2): readable once it was written to, until it is read. */
static inline int redoubt_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
/* timerfd_create(2) on CLOCK_BOOTTIME, which goes on while the machine is suspended. */
static inline int redoubt_boot_timer(void) { return timerfd_create(7 /* CLOCK_BOOTTIME */, TFD_CLOEXEC | TFD_NONBLOCK); }
/* Readable from that moment of CLOCK_BOOTTIME on; never where it is 0. */
static inline int redoubt_boot_timer_set(int timer, int64_t seconds, int64_t nanoseconds) {
    struct itimerspec when = {{0, 0}, {seconds, nanoseconds}};
    return timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, 0);
}
/* malloc_trim(3): gives freed memory back to the system. */
static inline void redoubt_trim_memory(void) { (void)malloc_trim(0); }

/* A memfd that seals can be put on (memfd_create(2)), and the seals that keep it as it is (fcntl(2), F_ADD_SEALS):
   F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE. */
static inline int redoubt_sealable_memfd(const char *name) {
    return (int)syscall(SYS_memfd_create, name, 1u | 2u /* MFD_CLOEXEC | MFD_ALLOW_SEALING */);
}
static inline int redoubt_seal(int file) { return fcntl(file, 1024 + 9, 1 | 2 | 4 | 8); }

/* sendmsg(2) of one datagram to the socket at `path`, with `descriptor` attached unless it is negative (unix(7),
   SCM_RIGHTS). */
static inline ssize_t redoubt_send_datagram(
    int from, const char *path, const void *data, size_t length, int descriptor) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) { errno = ENAMETOOLONG; return -1; }
    strcpy(address.sun_path, path);
    struct iovec piece = {.iov_base = (void *)data, .iov_len = length};
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control;
    struct msghdr message = {.msg_name = &address, .msg_namelen = sizeof address};
    if (length > 0) { message.msg_iov = &piece; message.msg_iovlen = 1; }
    if (descriptor >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = sizeof control.space;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    return sendmsg(from, &message, MSG_NOSIGNAL);
}

/* capabilities(7), of the calling thread; sets of up to 64 as masks. */
static const uint64_t redoubt_CAP_CHOWN = 1ull << CAP_CHOWN;
static const uint64_t redoubt_CAP_DAC_OVERRIDE = 1ull << CAP_DAC_OVERRIDE;
static const uint64_t redoubt_CAP_DAC_READ_SEARCH = 1ull << CAP_DAC_READ_SEARCH;
static const uint64_t redoubt_CAP_FOWNER = 1ull << CAP_FOWNER;
static inline int redoubt_get_capabilities(uint64_t *effective, uint64_t *permitted) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0}};
    if (syscall(SYS_capget, &header, data) != 0) return -1;
    *effective = data[0].effective | (uint64_t)data[1].effective << 32;
    *permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    return 0;
}
/* capset(2): what is kept is in effect; of it, programs that are started get what is inheritable and raised below. */
static inline int redoubt_set_capabilities(uint64_t kept, uint64_t inheritable) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {
        {(uint32_t)kept, (uint32_t)kept, (uint32_t)inheritable},
        {(uint32_t)(kept >> 32), (uint32_t)(kept >> 32), (uint32_t)(inheritable >> 32)}};
    return (int)syscall(SYS_capset, &header, data);
}
/* PR_CAP_AMBIENT: a program that is started as another user than root has this capability. */
static inline int redoubt_raise_ambient(int number) { return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0); }
static inline int redoubt_keep_capabilities(int keep) { return prctl(PR_SET_KEEPCAPS, keep, 0, 0, 0); }
static const int redoubt_CAP_DAC_READ_SEARCH_number = CAP_DAC_READ_SEARCH;
