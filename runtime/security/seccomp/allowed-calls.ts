/**
 * System calls that every container may use, whatever its capabilities. The set is the one of
 * Docker's profile (moby/profiles, seccomp, 2026), ordered by subject; it names calls of all
 * machines, and each machine takes those it has.
 */
export const allowedCalls: readonly string[] = words(`
  [Files and folders by name]
  access chdir chmod chown chown32 creat faccessat faccessat2 fchdir fchmodat fchmodat2 fchownat
  fstatat64 futimesat getcwd lchown lchown32 link linkat listmount lstat lstat64 mkdir mkdirat
  mknod mknodat name_to_handle_at newfstatat open openat openat2 readlink readlinkat rename
  renameat renameat2 rmdir stat stat64 statfs statfs64 statmount statx symlink symlinkat
  truncate truncate64 umask unlink unlinkat utime utimensat utimensat_time64 utimes
  [Extended attributes]
  fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr
  listxattrat llistxattr lremovexattr lsetxattr removexattr removexattrat setxattr setxattrat
  [Open files]
  cachestat close close_range copy_file_range dup dup2 dup3 fadvise64 fadvise64_64 fallocate
  fchmod fchown fchown32 fcntl fcntl64 fdatasync flock fstat fstat64 fstatfs fstatfs64 fsync
  ftruncate ftruncate64 getdents getdents64 ioctl _llseek lseek pipe pipe2 pread64 preadv
  preadv2 pwrite64 pwritev pwritev2 read readahead readv sendfile sendfile64 splice sync
  sync_file_range syncfs tee vmsplice write writev
  [Waiting for events]
  epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait
  epoll_wait_old eventfd eventfd2 fanotify_mark inotify_add_watch inotify_init inotify_init1
  inotify_rm_watch _newselect poll ppoll ppoll_time64 pselect6 pselect6_time64 select signalfd
  signalfd4
  [Asynchronous and prioritised I/O]
  io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 ioprio_get ioprio_set
  io_setup io_submit
  [Memory]
  brk madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2
  mlockall mmap mmap2 mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free
  pkey_mprotect process_mrelease remap_file_pages
  [Sockets]
  accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg
  recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair
  [System V and POSIX message queues, semaphores, shared memory]
  ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend
  mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop
  semtimedop_time64 shmat shmctl shmdt shmget
  [Time and timers]
  adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime
  clock_gettime64 clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep
  setitimer time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64
  timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime
  timerfd_settime64 times
  [Identity and limits]
  capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32
  getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getuid getuid32 prlimit64
  setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setregid
  setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setuid
  setuid32 ugetrlimit
  [Processes, threads, scheduling]
  execve execveat exit exit_group fork futex futex_requeue futex_time64 futex_wait futex_waitv
  futex_wake getcpu getpgid getpgrp getpid getppid getpriority get_robust_list getsid
  get_thread_area gettid pidfd_open pidfd_send_signal rseq sched_getaffinity sched_getattr
  sched_getparam sched_get_priority_max sched_get_priority_min sched_getscheduler
  sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr
  sched_setparam sched_setscheduler sched_yield setpgid setpriority set_robust_list setsid
  set_thread_area set_tid_address vfork wait4 waitid waitpid
  [Signals]
  kill pause restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo
  rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo
  sigaltstack sigprocmask sigreturn tgkill tkill
  [The rest]
  getrandom landlock_add_rule landlock_create_ruleset landlock_restrict_self prctl riscv_hwprobe
  seccomp sysinfo uname uretprobe
`)

/** Names in a text; `[a heading]` is for the reader. */
function words(text: string): string[] {
  return text
    .replaceAll(/\[.*\]/g, '')
    .trim()
    .split(/\s+/)
}
