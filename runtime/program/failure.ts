import { OperationError } from '../../native/error.ts'
import { errnoName } from '../../native/errno.ts'
import { searchSource } from './search-path.ts'
import { diagnoseExec } from './diagnose-exec.ts'
import type { ExecDiagnosis, ExecFacts } from './diagnose-exec.ts'
import { isLabelStep } from './security-label.ts'
import { isMappingStep } from './mapped-mount.ts'
import { formatStep } from './listing.ts'
import { readText, readVector } from './format-operand.ts'
import type { Program, Step } from './program.ts'

export interface FailedStep {
  /** Index of the step, from a FAIL record. */
  readonly pc: number
  /** Positive errno number. */
  readonly errno: number
}

export interface FailureContext {
  /** Facts about the program's file, for a failed execve; see diagnose-exec.ts. */
  readonly exec?: ExecFacts | undefined
  /** Where a program without a slash in its name was found, although it could not be executed. */
  readonly found?: string | undefined
  /** Processes of the container that the kernel killed for lack of memory. */
  readonly oomKills?: number | undefined
  /** The container's memory limit in bytes. */
  readonly memoryLimit?: number | bigint | undefined
}

/** Exit codes as docker gives them: not found, not executable, everything else. */
const NOT_FOUND = 127
const NOT_EXECUTABLE = 126
const ENGINE_ERROR = 125

/** Whether a step is the container's own program being started (or looked for). */
export function isExecStep(step: Step | undefined): boolean {
  if (step === undefined || step.phase === 'cleanup') return false
  return step.call === 'execve' || step.call === 'execveat' || step.source === searchSource
}

/** Path of the program that a failed step was about, as the container sees it; undefined for a search. */
export function failedProgram(program: Program, pc: number): string | undefined {
  const step = program.steps[pc]
  const isLook = step?.call === 'faccessat2' && step.source === searchSource
  const path = step?.call === 'execve' ? step.args[0] : isLook ? step.args[1] : undefined
  return typeof path === 'object' ? readText(program.data, path.value) : undefined
}

/** Arguments of the container's program: those of the last execve. */
export function programArguments(program: Program): string[] {
  const step = program.steps.findLast(
    ({ call, phase }) => (call === 'execve' || call === 'execveat') && phase !== 'cleanup',
  )
  const argv = step?.args[step.call === 'execve' ? 1 : 2]
  return typeof argv === 'object' ? readVector(program, argv.value) : []
}

/**
 * What a FAIL record means: the call, its operands, why it was made, and what to do.
 *
 * @returns `START_FAILED`, with exit code 127 (no such program), 126 (it cannot be executed) or 125
 */
export function explainFailure(
  program: Program,
  failed: FailedStep,
  context: FailureContext = {},
): OperationError {
  const step = program.steps[failed.pc]
  const errno = errnoName(failed.errno)
  if (step === undefined)
    return new OperationError(
      'START_FAILED',
      'start the container',
      { pc: failed.pc, errno },
      { exitCode: ENGINE_ERROR },
    )
  if (isExecStep(step)) return explainExec(program, failed, context)
  const memory = explainMemory(context)
  const detail = {
    call: formatStep(program, step),
    errno,
    why: step.why,
    source: step.source,
    pc: failed.pc,
  }
  const hint = memory ?? hintFor(step, errno)
  return new OperationError(
    'START_FAILED',
    step.call === '' ? 'start the container' : describeCall(step),
    detail,
    { hint, exitCode: ENGINE_ERROR },
  )
}

/** What a DIED record means: the container was killed before its program ran. */
export function explainDeath(signal: number, context: FailureContext = {}): OperationError {
  const hint = explainMemory(context) ?? deathHints[signal]
  return new OperationError(
    'START_FAILED',
    'prepare the container',
    { signal, problem: 'killed before its program ran' },
    { hint, exitCode: ENGINE_ERROR },
  )
}

const deathHints: Readonly<Record<number, string>> = {
  9: 'Something killed it with SIGKILL: look for an out-of-memory kill in the kernel log, or for a low memory limit',
  31: 'A seccomp filter forbids a call that starting a program needs (execve, or capset without no_new_privs): allow it',
}

function explainMemory({ oomKills = 0, memoryLimit }: FailureContext): string | undefined {
  if (oomKills === 0) return undefined
  const limit = memoryLimit === undefined ? '' : ` of ${memoryLimit} bytes`
  return `The memory limit${limit} is too low to start: give the container more memory (-m)`
}

function explainExec(
  program: Program,
  { pc, errno: number }: FailedStep,
  context: FailureContext,
): OperationError {
  const errno = errnoName(number)
  const [name = ''] = programArguments(program)
  const path = failedProgram(program, pc) ?? context.found
  const memory = explainMemory(context)
  const diagnosis: ExecDiagnosis =
    memory === undefined
      ? diagnoseExec({ name, path, errno, searched: path === undefined, facts: context.exec })
      : { cause: 'not enough memory to start the program', hint: memory }
  const exitCode =
    number === 2 || errno === 'ENOTDIR'
      ? NOT_FOUND
      : memory === undefined && notExecutable.has(errno)
        ? NOT_EXECUTABLE
        : ENGINE_ERROR
  return new OperationError(
    'START_FAILED',
    'execute the program',
    { program: path ?? name, errno, cause: diagnosis.cause, pc },
    { hint: diagnosis.hint, exitCode },
  )
}

const notExecutable: ReadonlySet<string> = new Set([
  'EACCES',
  'EPERM',
  'ENOEXEC',
  'EISDIR',
  'ELIBBAD',
  'EINVAL',
  'ETXTBSY',
  'ELOOP',
])

function describeCall({ call }: Step): string {
  return stepNames[call] ?? `make the system call ${call}`
}

const stepNames: Readonly<Record<string, string>> = {
  clone: 'create the process in the container',
  clone3: 'create the container’s process',
  pidfd_getfd: 'take a descriptor of the caller',
  open_tree: 'open what is to be mounted',
  fsopen: 'prepare a file system',
  fsconfig: 'configure a file system',
  fsmount: 'mount a file system',
  move_mount: 'attach a mount',
  mount: 'mount a file system',
  mount_setattr: 'set the flags of a mount',
  pivot_root: 'enter the root file system',
  openat2: 'find a path of the container',
  write: 'write a setting',
  chdir: 'enter the working folder',
  capset: 'set the capabilities',
  setgroups: 'set the groups',
  setresuid: 'become the user',
  setresgid: 'become the group',
  seccomp: 'load the seccomp filter',
  prlimit64: 'set a resource limit',
  setns: 'join a namespace',
  unshare: 'make a namespace',
  sethostname: 'set the hostname',
  mknodat: 'make a device node',
}

function hintFor(step: Step, errno: string): string | undefined {
  if (isLabelStep(step) && (errno === 'ENOENT' || errno === 'EINVAL')) return labelHint
  if (isMappingStep(step) && errno === 'EINVAL') return mappingHint
  return hints[`${step.call} ${errno}`] ?? hints[errno]
}

const labelHint =
  'This kernel has no such AppArmor profile or SELinux label, or neither of the two is switched on: load the profile, or leave it out'

const mappingHint =
  'The file system of the source cannot show files under other ids (overlay, 9p and many network and FUSE ones cannot): put the folder on ext4, xfs, btrfs or tmpfs, or leave idmap out and give the files to the user (U)'

const hints: Readonly<Record<string, string>> = {
  'clone3 EPERM':
    'Namespaces need root, or a user namespace: is kernel.unprivileged_userns_clone or user.max_user_namespaces 0?',
  'clone3 ENOSPC': 'A limit on namespaces is reached: raise the user.max_*_namespaces sysctls',
  'clone3 EAGAIN': 'The limit on processes is reached: raise pids.max or the user’s process limit',
  'clone EAGAIN':
    'The limit on processes is reached: entering a container takes room for two (--pids-limit, --ulimit nproc)',
  'clone ENOMEM':
    'The pid namespace that it was to enter has ended, or memory is short: is the container still running?',
  'pidfd_getfd EBADF':
    'The caller has no such descriptor: open it, as in 3<FILE, or ask for fewer (--preserve-fds)',
  'clone3 EBUSY':
    'The control group has controllers for its children enabled and cannot hold processes: use another --cgroup-parent',
  'open_tree ENOENT':
    'The source of the mount does not exist on the host: create it, or correct the path',
  'open_tree EACCES': 'The source of the mount cannot be reached by this user',
  'move_mount ENOTDIR':
    'A folder cannot be mounted on a file, nor a file on a folder: source and destination must be of one kind',
  'move_mount EINVAL':
    'A folder cannot be mounted on a file, nor a file on a folder: source and destination must be of one kind',
  'openat2 ELOOP':
    'The image has a symbolic link where the container needs a real folder: use another image or destination',
  'fsopen ENODEV':
    'The kernel has no such file system: load its module on the host, or leave the mount out',
  'fsconfig EINVAL':
    'The file system refuses an option: check the mount options, and the kernel log for the reason',
  'fsconfig EPERM':
    'The kernel does not allow this file system in a user namespace: run as root, or bind the files instead',
  'fsconfig EBUSY': 'The upper folder is in use by another container, or was left so by a crash',
  'write ERANGE':
    'The kernel has no such value: for --cpuset-cpus and --cpuset-mems, nproc and lscpu tell what there is',
  'write EACCES':
    'The kernel refuses this value to this process: a lower --oom-score-adj than its own needs CAP_SYS_RESOURCE',
  'write EINVAL': 'The kernel refuses this value: check the option that it comes from',
  'openat2 ENOENT':
    'It is not in the container and cannot be made: check the name, a sysctl or a place below /proc or /sys',
  'mkdirat ENOENT':
    'It is not in the container and cannot be made: nothing can be made below /proc and /sys',
  'setresuid EINVAL': 'This user is not mapped in the container’s user namespace',
  'setresgid EINVAL': 'This group is not mapped in the container’s user namespace',
  'setgroups EPERM':
    'Additional groups cannot be set in this user namespace: leave --group-add out',
  'prlimit64 EPERM':
    'A limit cannot be raised above the host’s without CAP_SYS_RESOURCE: ask for less (--ulimit)',
  'openat ENOENT':
    'Nothing is at this path of the host: correct it in the configuration (path), or make it first, as with "ip netns add"',
  'openat2 ENOTDIR':
    'A part of the path is a file in the image: mounts, devices and links need a folder there',
  'setns EINVAL':
    'It is a namespace of another kind: give the path of one of the type that the configuration names',
  'chdir ENOENT': 'The working folder does not exist in the image: choose another one (-w)',
  'chdir ENOTDIR': 'The working folder is a file in the image: choose another one (-w)',
  'chdir EACCES':
    'The user may not enter the working folder: choose another one (-w), or another user (-u)',
  ECHILD:
    'A hook has to exist on the host and to end with exit code 0: run it by hand, with what "state" prints as its input',
  ENOSPC: 'The disk or a kernel limit is full: free some space',
  EMFILE: 'Too many open files: raise the limit of the process that starts containers',
  ENFILE: 'Too many open files on the whole machine: raise fs.file-max',
  ENOMEM: 'Not enough memory: raise the container’s memory limit (-m), or free some on the host',
  EROFS: 'The place is read-only: a mount point cannot be made there; create it in the image',
  ENOSYS: 'This kernel does not have the call: use Linux 6.1 or newer',
  EPERM:
    'The kernel does not allow it: run as root, or see what is missing with "mycontainer doctor"',
}
