// A mount name space of one's own, for a program that sees another /etc/resolv.conf than the rest of the machine.
#pragma once
#ifdef _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Which step of `clinux_own_mounts` was refused.
enum {
  clinux_step_done = 0,
  clinux_step_user = 1,     // the user name space
  clinux_step_map = 2,      // its map of users and groups
  clinux_step_mounts = 3,   // the mount name space
  clinux_step_private = 4,  // keeping what is mounted in it from the rest of the machine
};

static inline int clinux_write_text(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t size = (ssize_t)strlen(text);
  ssize_t written = write(file, text, (size_t)size);
  int reason = errno;
  close(file);
  errno = written < 0 ? reason : EIO;
  return written == size ? 0 : -1;
}

// Gives this process, which has one thread, mounts of its own. `with_user`: also a user name space, in which it is the
// user and the group that it was, and may mount until it executes another program. The maps are written as text, for the
// kernel wants them so: "ID ID 1". 0, or the step that was refused, the reason in errno.
static inline int clinux_own_mounts(bool with_user, const char *user_map, const char *group_map) {
  if (with_user) {
    if (unshare(CLONE_NEWUSER) != 0) return clinux_step_user;
    // Without this an unprivileged process may not write its map of groups (CVE-2014-8989).
    if (clinux_write_text("/proc/self/setgroups", "deny") != 0 && errno != ENOENT) return clinux_step_map;
    if (clinux_write_text("/proc/self/gid_map", group_map) != 0) return clinux_step_map;
    if (clinux_write_text("/proc/self/uid_map", user_map) != 0) return clinux_step_map;
  }
  if (unshare(CLONE_NEWNS) != 0) return clinux_step_mounts;
  // What others mount is still seen here, nothing mounted here is seen by others.
  if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0) return clinux_step_private;
  return clinux_step_done;
}

// An empty file system in memory over a folder.
static inline int clinux_mount_memory(const char *folder) {
  return mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=64k,mode=0755");
}

// One file or folder in another's place, as far as this name space goes.
static inline int clinux_mount_over(const char *source, const char *target) {
  return mount(source, target, NULL, MS_BIND, NULL);
}

// One folder's files over another's at a folder, none to be written to: `layers` as overlayfs takes them.
static inline int clinux_mount_layers(const char *layers, const char *folder) {
  return mount("overlay", folder, "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV, layers);
}

// Takes a mount away by its path; what was mounted elsewhere from it stays.
static inline int clinux_unmount(const char *folder) { return umount2(folder, MNT_DETACH); }

// Lets the program that is executed next inherit a descriptor.
static inline int clinux_keep_across_exec(int descriptor) {
  int flags = fcntl(descriptor, F_GETFD);
  return flags < 0 ? -1 : fcntl(descriptor, F_SETFD, flags & ~FD_CLOEXEC);
}

// A descriptor that is readable once a process has ended; -1 where there is no such process or no such call (before
// Linux 5.3).
static inline int clinux_process_descriptor(pid_t process) {
#ifdef SYS_pidfd_open
  int descriptor = (int)syscall(SYS_pidfd_open, process, 0);
  if (descriptor >= 0) (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  return descriptor;
#else
  errno = ENOSYS;
  return -1;
#endif
}

// The process at the other end, which connected and has not ended; 0 where it has, or is in another name space. 0, or -1.
// A number may be another process's by now: before Linux 6.5 it is believed where that one is of the same user, or hidden.
static inline int clinux_peer_process(int socket, pid_t *process) {
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return -1;
  int watch = -1;
  socklen_t watch_size = sizeof watch;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &watch, &watch_size) == 0) {
    struct pollfd end = {.fd = watch, .events = POLLIN};
    int has_ended = poll(&end, 1, 0) != 0;
    (void)close(watch);
    *process = has_ended ? 0 : peer.pid;
  } else if (errno == ENOPROTOOPT) {
    char path[32];
    struct stat status;
    (void)snprintf(path, sizeof path, "/proc/%d", (int)peer.pid);
    *process = stat(path, &status) == 0 && status.st_uid != peer.uid ? 0 : peer.pid;
  } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
    return -1;
  } else {
    *process = 0;  // it has ended
  }
  return 0;
}

// The name of a user, cut to `size` - 1 octets; 0, or why there is none.
static inline int clinux_find_user_name(uid_t user, char *name, size_t size) {
  for (size_t room = 1024; room <= 1 << 20; room *= 4) {
    char *memory = malloc(room);
    if (memory == NULL) return ENOMEM;
    struct passwd entry, *found = NULL;
    int error = getpwuid_r(user, &entry, memory, room, &found);
    if (found != NULL) {
      size_t length = strnlen(entry.pw_name, size - 1);
      memcpy(name, entry.pw_name, length);
      name[length] = 0;
    }
    free(memory);
    if (found != NULL) return 0;
    if (error != ERANGE) return error == 0 || error == ESRCH ? ENOENT : error;
  }
  return ERANGE;
}

// As clinux_give_up_privileges, but the right to bind ports below 1024 is kept where there was one.
static inline int clinux_keep_only_binding(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct had[_LINUX_CAPABILITY_U32S_3] = {0};
  if (syscall(SYS_capget, &header, had) != 0) return -1;
  struct __user_cap_data_struct kept[_LINUX_CAPABILITY_U32S_3] = {0};
  kept[0].permitted = kept[0].effective = had[0].permitted & (1u << CAP_NET_BIND_SERVICE);
  (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (syscall(SYS_capset, &header, kept) != 0) return -1;
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

// Whether what a process may do is kept when it becomes another user.
static inline int clinux_keep_capabilities(bool keeps) { return prctl(PR_SET_KEEPCAPS, keeps ? 1 : 0, 0, 0, 0); }

#endif
