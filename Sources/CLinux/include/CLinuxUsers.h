// Users, and giving up what root may.
#pragma once
#ifdef _GNU_SOURCE

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// The IDs of a user: 0; ENOENT where there is none of that name; or another error number.
static inline int clinux_find_user(const char *name, uid_t *user, gid_t *group) {
  for (size_t size = 1024; size <= 1 << 20; size *= 4) {
    char *memory = malloc(size);
    if (memory == NULL) return ENOMEM;
    struct passwd entry, *found = NULL;
    int error = getpwnam_r(name, &entry, memory, size, &found);
    if (found != NULL) {
      *user = entry.pw_uid;
      *group = entry.pw_gid;
    }
    free(memory);
    if (found != NULL) return 0;
    if (error != ERANGE) return error == 0 || error == ESRCH ? ENOENT : error;
  }
  return ERANGE;
}

// Likewise of a group.
static inline int clinux_find_group(const char *name, gid_t *group) {
  for (size_t size = 1024; size <= 1 << 20; size *= 4) {
    char *memory = malloc(size);
    if (memory == NULL) return ENOMEM;
    struct group entry, *found = NULL;
    int error = getgrnam_r(name, &entry, memory, size, &found);
    if (found != NULL) *group = entry.gr_gid;
    free(memory);
    if (found != NULL) return 0;
    if (error != ERANGE) return error == 0 || error == ESRCH ? ENOENT : error;
  }
  return ERANGE;
}

// Takes a user's groups and IDs, in all threads. `name` is NULL for an ID without an entry, which is in one group only.
static inline int clinux_become(const char *name, uid_t user, gid_t group) {
  if ((name != NULL ? initgroups(name, group) : setgroups(1, &group)) != 0) return -1;
  if (setresgid(group, group, group) != 0) return -1;
  return setresuid(user, user, user);
}

// True where this process can make itself root (again).
static inline bool clinux_can_become_root(void) {
  return setresuid((uid_t)-1, 0, (uid_t)-1) == 0 || setresgid((gid_t)-1, 0, (gid_t)-1) == 0;
}

// Gives up all capabilities of this thread and of those it will start, and the way to new ones: no program that it might
// start gets more than it has.
static inline int clinux_give_up_privileges(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
  (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (syscall(SYS_capset, &header, none) != 0) return -1;
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

#endif
