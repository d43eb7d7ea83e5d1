// Programs that are started, watched and killed: posix_spawn, pidfd.
#pragma once
#ifdef _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

// Starts a program in a process group of its own, with nothing to read, what it prints going into a pipe, all signals as
// usual, and an environment of nothing but PATH. 0, or an error number. `*end` is where its output is read (non-blocking),
// `*watch` is readable once it has ended.
static inline int clinux_start_program(char *const *arguments, pid_t *process, int *end, int *watch) {
  static char *const environment[] = {(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};
  int pipes[2];
  if (pipe2(pipes, O_CLOEXEC) != 0) return errno;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int error = posix_spawn_file_actions_init(&actions);
  if (error == 0) {
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
      sigset_t none, all;
      sigemptyset(&none);
      sigfillset(&all);
      if (error == 0) error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
      if (error == 0) error = posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
      if (error == 0) error = posix_spawn_file_actions_adddup2(&actions, pipes[1], 2);
      if (error == 0) error = posix_spawnattr_setpgroup(&attributes, 0);
      if (error == 0) error = posix_spawnattr_setsigmask(&attributes, &none);
      if (error == 0) error = posix_spawnattr_setsigdefault(&attributes, &all);
      if (error == 0)
        error = posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
      if (error == 0) error = posix_spawn(process, arguments[0], &actions, &attributes, arguments, environment);
      (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
  }
  (void)close(pipes[1]);
  if (error != 0) {
    (void)close(pipes[0]);
    return error;
  }
  (void)fcntl(pipes[0], F_SETFL, O_NONBLOCK);
  *watch = (int)syscall(SYS_pidfd_open, *process, 0);  // closed in children, always
  if (*watch < 0) {
    error = errno;
    (void)kill(-*process, SIGKILL);
    (void)waitpid(*process, NULL, 0);
    (void)close(pipes[0]);
    return error;
  }
  *end = pipes[0];
  return 0;
}

// Kills a program that was started so and was not yet reaped, and all that are in its process group.
static inline void clinux_kill_program(pid_t process) { (void)kill(-process, SIGKILL); }

// Takes note of a program's end. -1 where it has not ended; else its exit code, or 256 and the number of the signal that
// ended it. What it left behind in its process group is killed first: until it is reaped the group's number is its own.
static inline int clinux_reap_program(pid_t process) {
  siginfo_t info = {0};
  if (waitid(P_PID, (id_t)process, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return -1;
  clinux_kill_program(process);
  int status = 0;
  if (waitpid(process, &status, 0) != process) return 256;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

// The number of a process's descriptor, which is given once while the machine runs (pidfs, Linux 6.9); 0 where there is none.
static inline unsigned long long clinux_process_descriptor_number(int descriptor) {
  struct statfs system;
  struct stat status;
  if (fstatfs(descriptor, &system) != 0 || system.f_type != 0x50494446) return 0;  // PID_FS_MAGIC
  return fstat(descriptor, &status) == 0 ? status.st_ino : 0;
}

#endif
